"""One file per third party, each behind a port.

onnxruntime, which runs most of the models, tells its maker what it does unless it is forbidden to
before it is loaded. Every engine's file is loaded after this one.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
