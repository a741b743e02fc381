# What .ci/run and .ci/full share. They source it in the project's root, with `set -euo pipefail`.

unset CARGO_TARGET_DIR # the paths below are the defaults
torch_version=2.9.0
torch_env=$PWD/target/libtorch-$torch_version

# Each unit is compiled once here: what would make its next compilation shorter only fills the disk,
# with several gigabytes.
export CARGO_INCREMENTAL=0

steps=()
step() { # NAME: ends the step before, and begins the next.
    end_step
    step_name=$* step_start=$SECONDS
    printf '\n== %s (after %d min, %s free)\n' \
        "$*" $((SECONDS / 60)) "$(df -h --output=avail . | tail -n 1 | tr -d ' ')"
}

end_step() {
    [ -n "${step_name:-}" ] || return 0
    local took
    took=$(minutes $((SECONDS - step_start)))
    steps+=("$took  $step_name")
    echo "-- $took: $step_name"
    step_name=
}

minutes() { printf '%3d:%02d min' $(($1 / 60)) $(($1 % 60)); } # SECONDS

# However it ends, a table of the steps that were done, the one that failed last.
finish() {
    local status=$? background
    background=$(jobs -p)
    [ -z "$background" ] || kill $background 2>/dev/null || true
    end_step
    printf '\n'
    printf '%s\n' "${steps[@]}"
    echo "$(minutes $SECONDS)  in all"
    [ $status = 0 ] && echo "All passed" || echo "FAILED in the last step above"
    exit $status
}
trap finish EXIT

need() { # COMMAND PACKAGE: installs Debian's PACKAGE unless COMMAND works.
    bash -c "$1" >/dev/null 2>&1 && return
    apt-get update -qq
    apt-get install -y -qq "$2"
}

tools() {
    need "cc --version && c++ --version" g++
    need "python3 -m venv --help && python3 -c 'import ensurepip'" python3-venv
    for component in rustfmt clippy; do
        cargo "${component/rust/}" --version >/dev/null || rustup component add "$component"
    done
    cargo fetch --locked
}

# Without code generation. Warnings are denied to the workspace's crates alone: denied by RUSTFLAGS they
# would make Burn compile anew.
check() { cargo clippy --locked "$@" -- -D warnings; }

install_libtorch() { # The package from the Python package index, unless it is there.
    "$torch_env/bin/python" -c \
        "import numpy, safetensors, torch; assert torch.__version__.startswith('$torch_version')" \
        2>/dev/null && return
    python3 -m venv --clear "$torch_env"
    # Some gigabytes, most of them CUDA libraries: a package at a time, so that no more than one
    # archive lies beside what is unpacked of it.
    pip() { "$torch_env/bin/pip" --quiet --no-cache-dir "$@"; }
    pip install numpy safetensors
    pip install --dry-run --ignore-installed --report target/libtorch.json "torch==$torch_version"
    local packages package
    packages=$("$torch_env/bin/python" - target/libtorch.json <<'PYTHON'
import json, sys
for package in json.load(open(sys.argv[1]))["install"]:
    metadata = package["metadata"]
    if metadata["name"] != "triton":  # a compiler for GPUs
        print(f"{metadata['name']}=={metadata['version']}")
PYTHON
    )
    for package in $packages; do
        pip install --no-deps "$package"
    done
}

with_libtorch() {
    local torch_lib
    torch_lib=$("$torch_env/bin/python" -c \
        "import pathlib, torch; print(pathlib.Path(torch.__file__).parent / 'lib')")
    env PATH="$torch_env/bin:$PATH" LIBTORCH_USE_PYTORCH=1 \
        LD_LIBRARY_PATH="$torch_lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" "$@"
}
