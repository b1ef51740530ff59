"""What is heard while the button is held until everything would be erased: a tone that rises."""

from functools import cache

from ren_device.voice.cues import Note, sound

RISES_S = 5.0
"""As long as the light rises."""
_LOWEST_HZ, _HIGHEST_HZ = 330.0, 990.0
_BEEPS = 20  # ever longer ones: at the end there is no pause left


@cache
def warning_sound() -> bytes:
    """Beeps that get higher, longer and at last one tone; as loud as other cues."""
    every_s = RISES_S / _BEEPS
    notes: list[Note] = []
    for number in range(_BEEPS):
        done = (number + 1) / _BEEPS
        hz = _LOWEST_HZ * (_HIGHEST_HZ / _LOWEST_HZ) ** done
        sounds_s = every_s * (0.3 + 0.7 * done)
        notes.append(Note(hz, hz, sounds_s, decay=0.0))
        if sounds_s < every_s:
            notes.append(Note(0, 0, every_s - sounds_s))
    return sound(notes)
