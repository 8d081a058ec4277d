#!/bin/sh
# ./start.sh            install on the first run, make the sample district if there is no store, serve
# ./start.sh COMMAND …  install on the first run, run one command of tongchou
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
home=${TONGCHOU_HOME:-"$here/var"}
wanted=$(sed -n 's/^python //p' "$here/PYTHON")
venv="$home/venv"

if [ "$(cat "$venv/.done" 2>/dev/null || true)" != "$here" ]; then
  python=
  for one in ${PYTHON:-} "python$wanted" python3; do
    if "$one" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$wanted')" 2>/dev/null; then python=$one; break; fi
  done
  if [ -z "$python" ]; then
    echo "需要 Python $wanted（PYTHON=/路径 可指定）。 Python $wanted is needed; PYTHON=/path names one." >&2
    exit 2
  fi
  (cd "$here" && sha256sum --quiet --check SHA256SUMS) || {
    echo "安装包不完整，请重新拷贝。 The bundle is not whole; copy it again." >&2
    exit 2
  }
  mkdir -p "$home"
  "$python" -m venv --clear "$venv" || {
    echo "无法建立虚拟环境（Debian: python3-venv）。 No virtual environment could be made (Debian: python3-venv)." >&2
    exit 2
  }
  quiet='--disable-pip-version-check --no-input --quiet --no-index --no-warn-script-location'
  PIP_CONFIG_FILE=/dev/null "$venv/bin/python" -m pip install $quiet --find-links "$here/wheels" --require-hashes -r "$here/requirements.txt"
  PIP_CONFIG_FILE=/dev/null "$venv/bin/python" -m pip install $quiet --no-deps "$here"/wheels/tongchou-*.whl
  (cd / && "$venv/bin/python" -m geo.coordination.machine)
  printf '%s' "$here" > "$venv/.done"
fi

export TONGCHOU_DATA="${TONGCHOU_DATA:-$here/data}"
export TONGCHOU_STORE="${TONGCHOU_STORE:-$home/district.gpkg}"
if [ $# -gt 0 ]; then exec "$venv/bin/tongchou" "$@"; fi
"$venv/bin/tongchou" init --sample --if-missing
exec "$venv/bin/tongchou" serve
