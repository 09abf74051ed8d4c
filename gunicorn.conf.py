"""What gunicorn takes from the settings of the service; options on its command line come first."""

import logging

from maps.operation import logs
from maps.operation.settings import chosen

worker_class = "gthread"
workers = 2
threads = chosen("THREADS")
graceful_timeout = chosen("GRACE_SECONDS")
timeout = 120
keepalive = 60
control_socket_disable = True  # nobody but the one who started it steers it, by signals


def on_starting(server: object) -> None:
    """Let gunicorn's own lines look like all others."""
    logs.begin()
    own = logging.getLogger("gunicorn.error")
    own.handlers[:] = []
    own.propagate = True
