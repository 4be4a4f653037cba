"""What `crossbar upgrade` makes of permissions: a JSON list of them in, a JSON list of what they become out."""

import contextlib
import json
import os
import sys
import tempfile

from crossbar.common.checkconfig import upgrade_config_file

permissions = json.load(sys.stdin)
node = {"workers": [{"type": "router", "realms": [{"roles": [{"permissions": permissions}]}]}]}
with tempfile.TemporaryDirectory() as folder:
    name = os.path.join(folder, "config.json")
    with open(name, "w") as file:
        json.dump(node, file)
    with contextlib.redirect_stdout(None):
        upgrade_config_file(None, name)
    with open(name) as file:
        upgraded = json.load(file)
json.dump(upgraded["workers"][0]["realms"][0]["roles"][0]["permissions"], sys.stdout)
