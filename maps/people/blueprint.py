"""The pages of people, one blueprint; the modules beside this one add to it. No token opens them."""

from flask import Blueprint

pages = Blueprint("people", __name__)
