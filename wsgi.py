"""The web door: any WSGI server can import ``app`` from here. People log in unless GEOPLAN_AUTH=open."""

import os
import sys

from geoplan.errors import PlanError
from maps.app import create_app
from maps.operation import logs

logs.begin()
try:
    app = create_app({"AUTH": os.environ.get("GEOPLAN_AUTH") or "login"})
except PlanError as error:
    sys.stderr.write(f"{error}\n")
    sys.exit(3)  # a request that cannot be met; gunicorn also takes it as: do not try again
