"""Conversations and what was said in them: /threads and /memory."""

from aiohttp import web

from ren_device.web import answers
from ren_device.web.describe import Described
from ren_device.web.keys import SERVICES
from ren_device.web.schemas import (
    NEW_THREAD,
    MemoryQuery,
    NewThreadBody,
    ThreadPatch,
    ThreadPath,
    ThreadsQuery,
    answer_json,
    read_body,
    read_path,
    read_query,
    remark_json,
    thread_json,
)

routes = web.RouteTableDef()

_THREAD = {
    "id": 1,
    "name": "General",
    "allow_dangerous": False,
    "created_at": "2026-06-01T09:00:00",
    "last_active_at": "2026-06-25T14:02:13",
}
_TURN = {
    "id": 41,
    "role": "user",
    "content": "remind me to call mom",
    "thread_id": 1,
    "created_at": "2026-06-25T14:02:11",
}
_UNKNOWN = {404: "There is no such thread."}


@routes.get("/threads")
@Described(
    "List conversations",
    tag="Conversations",
    query=ThreadsQuery,
    answer=answers.ThreadList,
    example={"threads": [_THREAD]},
)
async def list_threads(request: web.Request) -> web.Response:
    """The most recently active first. Thread 1, "General", always exists."""
    query = read_query(request, ThreadsQuery)
    threads = await request.app[SERVICES].threads.recent(query.rows)
    return answer_json({"threads": [thread_json(each) for each in threads]})


@routes.post("/threads")
@Described(
    "Make a conversation",
    tag="Conversations",
    body=NewThreadBody,
    body_optional=True,
    body_example={"name": "Kitchen remodel"},
    answer=answers.Thread,
    example={**_THREAD, "id": 7, "name": "Kitchen remodel"},
)
async def create_thread(request: web.Request) -> web.Response:
    """Without a name, with a blank one, or without any body it is called "New thread"."""
    body = await read_body(request, NewThreadBody, optional=True)
    services = request.app[SERVICES]
    thread = await services.threads.create(body.name or NEW_THREAD, services.clock.now())
    return answer_json(thread_json(thread))


@routes.get("/threads/{id}")
@Described(
    "Look at a conversation",
    tag="Conversations",
    path=ThreadPath,
    answer=answers.Thread,
    example=_THREAD,
    errors=_UNKNOWN,
)
async def get_thread(request: web.Request) -> web.Response:
    """One thread."""
    thread = await request.app[SERVICES].threads.get(read_path(request, ThreadPath).id)
    return answer_json(thread_json(thread))


@routes.patch("/threads/{id}")
@Described(
    "Change a conversation",
    tag="Conversations",
    path=ThreadPath,
    body=ThreadPatch,
    body_example={"allow_dangerous": True},
    answer=answers.Thread,
    example={**_THREAD, "allow_dangerous": True},
    errors=_UNKNOWN,
)
async def patch_thread(request: web.Request) -> web.Response:
    """Allow or forbid tools that act on the house or on accounts, in this thread only."""
    thread_id = read_path(request, ThreadPath).id
    body = await read_body(request, ThreadPatch)
    threads = request.app[SERVICES].threads
    thread = await threads.set_allow_dangerous(thread_id, body.allow_dangerous)
    return answer_json(thread_json(thread))


@routes.get("/memory")
@Described(
    "Read what was said",
    tag="Conversations",
    query=MemoryQuery,
    answer=answers.Memory,
    example={"turns": [_TURN]},
)
async def memory(request: web.Request) -> web.Response:
    """The latest `limit` things said in a thread, oldest first; none if there is no such thread."""
    query = read_query(request, MemoryQuery)
    remarks = await request.app[SERVICES].remarks.latest(query.thread_id, query.rows)
    return answer_json({"turns": [remark_json(each) for each in remarks]})
