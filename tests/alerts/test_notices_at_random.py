"""Whatever happens in whatever order: nobody is told twice, and nothing is lost."""

import asyncio
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests import virtual_time
from tests.alerts.street import Phone, street

STEPS = st.lists(
    st.sampled_from(["due", "connect", "connect silent", "leave", "doubt", "break", "mend"]),
    max_size=25,
)


@given(steps=STEPS, choices=st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=150)
def test_whatever_happens_nothing_is_lost_and_nothing_told_twice(
    steps: list[str], choices: random.Random
) -> None:
    async def scene() -> None:
        async with street() as it:
            phones: list[Phone] = []
            everybody: list[Phone] = []
            due: list[int] = []
            for step in steps:
                match step:
                    case "due" if not it.store.broken:
                        due.append((await it.due()).id)
                    case "connect" | "connect silent":
                        phones.append(await it.connect(takes=step == "connect"))
                        everybody.append(phones[-1])
                    case "leave" if phones:
                        await it.leave(phones.pop(choices.randrange(len(phones))))
                    case "doubt":
                        for phone in phones:
                            if not phone.takes and phone.listener:
                                phone.listener.doubt()
                    case "break" | "mend":
                        it.store.broken = step == "break"
            it.store.broken = False
            for phone in phones:
                if not phone.takes:
                    await it.leave(phone)
            everybody.append(await it.connect())
            await asyncio.sleep(120)

            assert sorted(it.store.notified) == due
            for phone in everybody:
                assert len(set(phone.ids)) == len(phone.ids)
            for alert_id in due:
                assert any(alert_id in phone.ids for phone in everybody if phone.takes)
            marked = len(it.store.notified)
            assert (await it.connect()).told == []
            assert len(it.store.notified) == marked

    virtual_time.run(scene())
