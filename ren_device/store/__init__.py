"""What Ren keeps, one small repository per noun."""

from ren_device.store.inspection import Inspection, inspect, kept_preferences
from ren_device.store.opening import Store, open_store

__all__ = ["Inspection", "Store", "inspect", "kept_preferences", "open_store"]
