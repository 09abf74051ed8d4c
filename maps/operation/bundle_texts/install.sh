#!/bin/sh
# Installs geoplan @version without internet: sh install.sh [FOLDER]   (PYTHON=/path/to/python@python to choose one)
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
target=${1:-/opt/geoplan}
python=${PYTHON:-python@python}

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

[ "$(uname -s) $(uname -m)" = "@system @machine" ] ||
    fail "this bundle is for @system @machine, not $(uname -s) $(uname -m) / 本安装包适用于 @system @machine"
command -v "$python" >/dev/null ||
    fail "$python is missing (Debian: apt-get install python@python python@python-venv) / 未找到 $python"
"$python" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "@python")' ||
    fail "this bundle needs Python @python / 本安装包需要 Python @python"
"$python" -c 'import venv, ensurepip' ||
    fail "the venv module is missing (Debian: apt-get install python@python-venv) / 缺少 venv 模块"
[ ! -e "$target" ] || [ -f "$target/.geoplan-bundle" ] || [ -z "$(ls -A "$target")" ] ||
    fail "$target is not empty and is not ours: name another folder / $target 非空，请另选目录"

say "1/4 checking the files / 校验文件"
(cd "$here" && sha256sum --check --quiet SHA256SUMS) || fail "files are damaged: copy the bundle again / 文件损坏，请重新拷贝"
say "2/4 copying the program to $target / 复制程序"
mkdir -p "$target"
: > "$target/.geoplan-bundle"
cp -R "$here/source/." "$target/"
say "3/4 installing the libraries / 安装依赖库"
[ -x "$target/.venv/bin/python" ] || "$python" -m venv "$target/.venv"
"$target/.venv/bin/python" -m pip install --quiet --disable-pip-version-check @index \
    -r "$target/requirements.txt" -c "$target/constraints.txt"
say "4/4 trying it / 试运行"
(cd "$target" && .venv/bin/python -m geoplan --version)
say "done. Next / 安装完成，接下来:"
say "  cd $target && .venv/bin/python -m geoplan demo --out workspace && .venv/bin/python -m geoplan serve --workspace workspace"
