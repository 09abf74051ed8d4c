"""The web door: any WSGI server can import ``app`` from here. People log in unless GEOPLAN_AUTH=open."""

import os

from maps.app import create_app

app = create_app({"AUTH": os.environ.get("GEOPLAN_AUTH") or "login"})
