import os
import signal

from hypothesis import HealthCheck, settings

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before anything imports onnxruntime
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as of what shells start in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)  # so that programs that tests interrupt do not inherit it

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")  # no test is about time: a busy machine is no failure
