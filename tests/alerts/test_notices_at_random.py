"""Whatever happens in whatever order: nobody is told twice, and nothing is lost."""

import asyncio
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests import virtual_time
from tests.alerts.memory_alerts import key
from tests.alerts.street import Phone, Street, street

STEPS = st.lists(
    st.sampled_from(
        ["due", "snooze", "silence", "connect", "connect silent", "leave", "doubt", "break", "mend"]
    ),
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
            for step in steps:
                match step:
                    case "due":
                        await comes_due(it)
                    case "snooze" if it.house.kernel.ringing() and not it.store.broken:
                        await it.house.kernel.snooze(
                            choices.choice(it.house.kernel.ringing()).id, 1
                        )
                        await asyncio.sleep(1.5)
                    case "silence":
                        await it.house.kernel.acknowledge_all()
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

            changes = zip(it.house.heard, it.house.changes, strict=True)
            due = [key(alert) for alert, (_, change) in changes if change == "due"]
            assert sorted(it.store.notified) == sorted(alert_id for alert_id, _ in due)
            assert it.store.outbox == {}
            for phone in everybody:
                told = list(map(key, phone.told))
                assert len(set(told)) == len(told)
            for each in due:
                assert any(each in map(key, phone.told) for phone in everybody if phone.takes)
            marked = len(it.store.notified)
            assert (await it.connect()).told == []
            assert len(it.store.notified) == marked

    virtual_time.run(scene())


async def comes_due(it: Street) -> None:
    """It was set while the disk was well."""
    broken, it.store.broken = it.store.broken, False
    await it.house.timer(1.0)
    it.store.broken = broken
    await asyncio.sleep(1.5)
