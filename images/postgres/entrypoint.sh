#!/usr/bin/env bash
# The commands of this image. Anything else is run as it is, for `kubectl run … -- psql`.
set -euo pipefail

here=$(dirname "$0")
case "${1:-patroni}" in
  patroni | bootstrap) exec "$here/$1.sh" ;;
  *) exec "$@" ;;
esac
