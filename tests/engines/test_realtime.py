"""The threads of the sound card go first, and nothing else does; the kernel itself says so."""

import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from ren_device.engines.realtime import PRIORITY, hurry
from tests.engines.test_sound_server import SoundServer, run_there

T = TypeVar("T")

# What a unit without LimitRTPRIO= would do. Nobody's rights, so that root is none either.
UNPRIVILEGED = """
import os, resource, threading
from ren_device.engines.realtime import hurry
resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))
if os.geteuid() == 0:
    os.setuid(65534)
found = []
thread = threading.Thread(target=lambda: found.append((hurry("sound"), os.sched_getscheduler(0))))
thread.start()
thread.join()
print(found)
"""

# A microphone and a loudspeaker by PortAudio, and every thread of the process with its scheduler.
SOUNDING = """
import asyncio, os
from contextlib import aclosing
from ren_device.engines.portaudio import PortAudioMicrophone, PortAudioSpeaker

async def main():
    speaker = PortAudioSpeaker("kitchen")
    await speaker.start()
    heard = 0
    async with aclosing(PortAudioMicrophone().blocks()) as blocks:
        async for block in blocks:
            await speaker.write(bytes(320))
            heard += len(block) // 320
            if heard >= 20:
                break
        threads = [int(each) for each in os.listdir("/proc/self/task")]
        first = [each for each in threads if os.sched_getscheduler(each) != os.SCHED_OTHER]
        print(len(first), os.getpid() in first)
    await speaker.close()

asyncio.run(main())
"""


def in_thread(work: Callable[[], T]) -> T:
    found: list[T] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


def may_hurry() -> bool:
    return os.geteuid() == 0 or resource.getrlimit(resource.RLIMIT_RTPRIO)[0] >= PRIORITY


def test_a_thread_that_may_goes_first() -> None:
    permitted, policy, its_child = in_thread(
        lambda: (
            hurry("sound"),
            os.sched_getscheduler(0),
            in_thread(lambda: os.sched_getscheduler(0)),
        )
    )
    assert permitted == may_hurry()
    expected = os.SCHED_RR | os.SCHED_RESET_ON_FORK if permitted else os.SCHED_OTHER
    assert policy == expected
    assert its_child == os.SCHED_OTHER  # what it starts is ordinary


def test_the_event_loops_thread_never_does() -> None:
    assert not hurry("everything")
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_a_thread_that_may_not_goes_on_all_the_same() -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNPRIVILEGED],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout == "[(False, 0)]\n", done.stderr


@pytest.mark.engine
def test_of_all_threads_only_the_sound_cards_go_first(tmp_path: Path) -> None:
    server = SoundServer(tmp_path)
    server.start()
    try:
        done = run_there(SOUNDING, server.environment)
    finally:
        server.kill()
    assert done.stdout == f"{2 if may_hurry() else 0} False\n", done.stderr
