"""A Messages API whose tokens are the time at which they were sent, for measuring delays.

python -m scripts.benchmarks.stamping_model PORT TOKENS TOKENS_PER_SECOND
"""

import asyncio
import json
import sys
import time

from aiohttp import web


def build(tokens: int, per_s: float) -> web.Application:
    """The server. A token is the monotonic clock in ns and a space."""

    async def messages(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)

        async def send(**event: object) -> None:
            await response.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())

        message = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "content": [],
            "model": body["model"],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 0},
        }
        await send(type="message_start", message=message)
        block = {"type": "text", "text": ""}
        await send(type="content_block_start", index=0, content_block=block)
        for _ in range(tokens):
            await asyncio.sleep(1 / per_s)
            delta = {"type": "text_delta", "text": f"{time.monotonic_ns()} "}
            await send(type="content_block_delta", index=0, delta=delta)
        await send(type="content_block_stop", index=0)
        end = {"stop_reason": "end_turn", "stop_sequence": None}
        await send(type="message_delta", delta=end, usage={"output_tokens": tokens})
        await send(type="message_stop")
        return response

    app = web.Application()
    app.router.add_post("/v1/messages", messages)
    return app


if __name__ == "__main__":
    web.run_app(
        build(int(sys.argv[2]), float(sys.argv[3])),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        print=None,
    )
