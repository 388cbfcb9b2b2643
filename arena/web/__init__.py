"""The site: pages, forms and the WebSocket."""
