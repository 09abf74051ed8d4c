"""What the API is, for programs: an OpenAPI document made from the routes there are and one description of each."""
