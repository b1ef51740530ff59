"""Conversations and what was said in them: /threads and /memory."""

from aiohttp import web

from ren_device.web.keys import SERVICES
from ren_device.web.schemas import (
    NEW_THREAD,
    MemoryQuery,
    NewThreadBody,
    ThreadPatch,
    ThreadsQuery,
    path_number,
    read_body,
    read_query,
    remark_json,
    thread_json,
)

routes = web.RouteTableDef()


@routes.get("/threads")
async def list_threads(request: web.Request) -> web.Response:
    """Most recently active first."""
    query = read_query(request, ThreadsQuery)
    threads = await request.app[SERVICES].threads.recent(query.rows)
    return web.json_response({"threads": [thread_json(each) for each in threads]})


@routes.post("/threads")
async def create_thread(request: web.Request) -> web.Response:
    """Make a thread; without a name, or with a blank one, it is called "New thread"."""
    body = await read_body(request, NewThreadBody, optional=True)
    services = request.app[SERVICES]
    thread = await services.threads.create(body.name or NEW_THREAD, services.clock.now())
    return web.json_response(thread_json(thread))


@routes.get("/threads/{id}")
async def get_thread(request: web.Request) -> web.Response:
    """One thread."""
    thread = await request.app[SERVICES].threads.get(path_number(request, "id"))
    return web.json_response(thread_json(thread))


@routes.patch("/threads/{id}")
async def patch_thread(request: web.Request) -> web.Response:
    """Allow or forbid dangerous tools in one thread."""
    thread_id = path_number(request, "id")
    body = await read_body(request, ThreadPatch)
    threads = request.app[SERVICES].threads
    thread = await threads.set_allow_dangerous(thread_id, body.allow_dangerous)
    return web.json_response(thread_json(thread))


@routes.get("/memory")
async def memory(request: web.Request) -> web.Response:
    """The latest remarks of a thread, oldest first; none for a thread that is not there."""
    query = read_query(request, MemoryQuery)
    remarks = await request.app[SERVICES].remarks.latest(query.thread_id, query.rows)
    return web.json_response({"turns": [remark_json(each) for each in remarks]})
