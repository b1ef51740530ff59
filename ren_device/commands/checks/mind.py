"""The minds: the offline one, and the cloud's key and service."""

import asyncio
import time
from collections.abc import Iterator

from ren_device.commands.checks.finding import Finding, Patient
from ren_device.errors import CloudError, CloudKeyMissing, CloudUnreachable, EngineError


def check(patient: Patient) -> Iterator[Finding]:
    """Whether each of them would answer."""
    yield _local(patient.settings.language)
    yield _cloud(patient)


def _local(language: str) -> Finding:
    from ren_device import choice

    began = time.perf_counter()
    try:
        choice.load_intents(language)
    except EngineError as error:
        return Finding("mind", "local", "wrong", str(error), "Install Ren's packages again.")
    took_s = time.perf_counter() - began
    told = f"understands sentences offline (REN_LANGUAGE={language}); loads in {took_s:.1f} s"
    return Finding("mind", "local", "ok", told)


def _cloud(patient: Patient) -> Finding:
    from ren_device import choice
    from ren_device.model import Tier

    settings = patient.settings
    astra = settings.brain == "astra"
    variable = "REN_API_KEY" if astra else "ANTHROPIC_API_KEY"
    key = settings.api_key if astra else settings.anthropic_api_key
    if not key.get_secret_value():
        asks = settings.default_tier in (Tier.FAST, Tier.HARD)
        text = f"{variable} is not set: cloud tiers answer 503, the voice uses the local mind"
        advice = f"Set {variable}, or REN_DEFAULT_TIER=local to do without."
        if settings.default_tier is Tier.LOCAL:
            advice = "Nothing: REN_DEFAULT_TIER=local does without."
        return Finding("mind", "cloud", "wrong" if asks else "note", text, advice)
    if patient.offline:
        return Finding("mind", "cloud", "note", f"{variable} is set", "Not asked: --offline.")
    try:
        asyncio.run(choice.check_cloud(settings))
    except CloudKeyMissing as error:
        return Finding("mind", "cloud", "wrong", str(error), "Check the key, or make a new one.")
    except CloudUnreachable as error:
        advice = "Check the network, the proxy and the address."
        return Finding("mind", "cloud", "wrong", f"the service: {error}", advice)
    except CloudError as error:
        advice = "Check the address; or wait, if it is the service's own trouble."
        return Finding("mind", "cloud", "wrong", f"the service: {error}", advice)
    return Finding("mind", "cloud", "ok", f"reached, and {variable} is accepted")
