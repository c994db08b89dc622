#!/usr/bin/env python3
import json
import platform
import sys

parameters = json.load(sys.stdin)
json.dump({"python": platform.python_version(), "parameters": parameters}, sys.stdout)
