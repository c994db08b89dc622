#!/bin/sh
set -eu
printf '%s\n' "$ATTUNE_ACTION_PARAM_MESSAGE"
