"""What Ren keeps, one small repository per noun."""

from ren_device.store.opening import Store, open_store

__all__ = ["Store", "open_store"]
