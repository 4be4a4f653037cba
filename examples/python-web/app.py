"""A WSGI application and a server for it out of Python's own library."""

import sys
from wsgiref.simple_server import make_server


def application(environ, start_response):
    client = environ.get("HTTP_X_REAL_IP")
    text = f"WSGI: {environ['PATH_INFO']}?{environ['QUERY_STRING']} for {client}\n"
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [text.encode()]


make_server("127.0.0.1", int(sys.argv[1]), application).serve_forever()
