#!/usr/bin/env python3
"""A CGI program."""

import os

print("Content-Type: text/plain")
print()
print(f"CGI: {os.environ.get('QUERY_STRING', '')}")
