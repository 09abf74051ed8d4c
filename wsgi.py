"""The web door: any WSGI server can import ``app`` from here."""

from maps.app import create_app

app = create_app()
