"""Sets the mixer of a sound card as its profile says, by the `amixer` of Debian's alsa-utils."""

import asyncio
import contextlib
import os

from ren_device.hardware_profile import Sound

PATIENCE_S = 5.0
"""For one setting; it takes a few milliseconds."""


async def set_mixer(
    sound: Sound, program: str = "amixer", patience_s: float = PATIENCE_S
) -> tuple[str, ...]:
    """Set every control that the profile names; each that cannot be set is one sentence.

    One that is missing does not keep the others from being set. With a card that is missing or
    does not answer, or without `amixer`, there is one sentence in all.
    """
    if not sound.mixer:
        return ()
    # As -c has it, which however takes only cards of the kernel.
    amixer = [program, *(("-D", f"hw:{sound.card}") if sound.card else ())]
    where = f"the mixer of the sound card {sound.card}" if sound.card else "the mixer"
    if wrong := await _run(*amixer, "scontrols", patience_s=patience_s):
        return (f"{where} cannot be set: {wrong}",)
    troubles = []
    for each in sound.mixer:
        # After the two dashes -10dB is no option.
        words = (*amixer, "--", "sset", each.control, each.value)
        if wrong := await _run(*words, patience_s=patience_s):
            troubles.append(f"{where}: {each.control} cannot be set to {each.value}: {wrong}")
    return tuple(troubles)


async def _run(program: str, *arguments: str, patience_s: float) -> str:
    """What it says when it fails, on one line; empty when it does not."""
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | {"LC_ALL": "C"},
        )
    except OSError as error:
        return f"{program} cannot be run ({error.strerror}); it is in Debian's package alsa-utils"
    try:
        async with asyncio.timeout(patience_s):
            done, told = await process.communicate()
    except TimeoutError:
        return f"no answer within {patience_s:g} s"
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if process.returncode == 0:
        # What it has set it shows; of some values that make no sense it says nothing at all.
        return "" if done.strip() else "no such value, or nothing there to be set"
    lines = [line.strip() for line in told.decode(errors="replace").splitlines() if line.strip()]
    own = [line.removeprefix("amixer: ") for line in lines if line.startswith("amixer: ")]
    return (own or lines or [f"{program} ended with {process.returncode}"])[0][:200]
