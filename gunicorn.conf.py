"""How the pages are served: a few processes of a few threads, one short line a request.

Read by every ``gunicorn`` started in this folder: the supervisor's, the image's, an operator's own.
"""

import os
from urllib.parse import unquote

from gunicorn.glogging import Logger

from coop.keeper import tie_to_parent

_fd = os.environ.get("ROCHDALE_LISTEN_FD")  # the supervisor holds the port, so a restart loses no request
bind = f"fd://{_fd}" if _fd else f"{os.environ.get('HOST', '0.0.0.0')}:{os.environ.get('PORT', '8000')}"  # noqa: S104
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 60
graceful_timeout = 4
keepalive = 5
max_requests = 5000
max_requests_jitter = 500
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - a heartbeat file, never on a disk
control_socket_disable = True
accesslog = "-"
access_log_format = "%(m)s %(U)s %(s)s %(M)s ms"
QUIET = ("/box/", "/static/", "/livez", "/readyz", "/metrics", "/favicon.ico")


class ReadableLogger(Logger):
    """No time and process number (whoever collects the lines adds them), no lines for style sheets and probes.

    A query is never written: it may hold a name or a code. Nothing at all is written of the ballot box.
    """

    error_fmt = "%(levelname)s %(message)s"
    access_fmt = "%(message)s"

    def access(self, resp, req, environ, request_time):
        if not unquote(req.path).startswith(QUIET):
            super().access(resp, req, environ, request_time)


logger_class = ReadableLogger


def pre_request(worker, req):
    """Behind a paper for the ballot box the connection is closed: no request with a cookie follows on it."""
    if unquote(req.path).startswith("/box/"):
        req.headers.append(("CONNECTION", "close"))


def post_fork(server, worker):
    """A master killed with SIGKILL cannot stop its workers; the kernel does it instead."""
    tie_to_parent()
