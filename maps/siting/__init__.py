"""New places: how many, where and when, as a page, as map layers and as answers of the API."""
