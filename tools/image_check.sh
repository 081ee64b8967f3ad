#!/usr/bin/env bash
# Builds the image without an engine, on a stand-in for python:slim made of Debian packages, and tries it as an
# engine would run it. Usage: tools/image_check.sh [PYTHON], a Python whose pip fetches what the image installs.
# On a busy machine, PATIENCE=5 lets it start and stop in 5 s instead of 2.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${1:-python3}
work=$PWD/build/image-check
data=$work/data # bound to /data
cluster=
root=
server=
patience=${PATIENCE:-2}
own_megabytes=85 # beside some 125 of python:slim; 13 of them are the driver of PostgreSQL

skip() { echo "image-check: skipped: $*" && exit 0; }
fail() { echo "image-check: FAILED: $*" >&2 && exit 1; }
passed() { echo "image-check: ok: $*"; }
load() { echo "at a load of $(cut -d ' ' -f 1 /proc/loadavg) on $(nproc) processors"; }
now() { echo $(($(date +%s%N) / 1000000)); }
buildah() { command buildah --storage-driver vfs --root "$work/storage" --runroot "$work/run" "$@"; }
config() { buildah inspect --type image --format "$1" reprompt-mock; }

clean_up() {
    [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true
    [ -z "$cluster" ] || postgres pg_ctl -D "$cluster/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf --one-file-system "$work/storage" "$work/run" "$work/data" ${cluster:+"$cluster"}
}

# Prints the packages of missing tools. Each tool is looked up separately, since `command -v` succeeds if any of several
# names exists. Functions, such as our own buildah, do not count.
missing_packages() {
    local tool
    for tool in buildah:buildah debootstrap:debootstrap ip:iproute2 pgrep:procps nsenter:util-linux unshare:util-linux; do
        type -P "${tool%:*}" >/dev/null || echo "${tool#*:}"
    done
}

prepare() {
    [ "$(id -u)" = 0 ] || skip "it needs root, for namespaces and packages"
    command -v apt-get >/dev/null || skip "it needs Debian's apt-get"
    # shellcheck source=/dev/null
    . "${OS_RELEASE:-/etc/os-release}"
    [ "${ID:-}" = debian ] || skip "its base is made of Debian's packages, this is ${ID:-another system}"
    local packages
    mapfile -t packages < <(missing_packages)
    if [ ${#packages[@]} -gt 0 ]; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends \
            "${packages[@]}" >/dev/null || skip "apt-get cannot install ${packages[*]}"
    fi
    unshare --mount --pid --net --fork true || skip "this machine grants no namespaces"
    trap clean_up EXIT
    clean_up
    mkdir -p "$work"
}

# A cached folder: minimal Debian with Python, as python:slim is.
make_base() {
    local base=$work/base-$VERSION_CODENAME
    if [ ! -d "$base" ]; then
        rm -rf --one-file-system "$base.part"
        debootstrap --variant=minbase --include=ca-certificates,python3,python3-pip,python3-venv \
            "$VERSION_CODENAME" "$base.part" >"$work/debootstrap.log" || fail "debootstrap, see $work/debootstrap.log"
        ln -s python3 "$base.part/usr/bin/python"
        rm -rf "$base.part"/var/cache/apt/archives/*.deb
        mv "$base.part" "$base"
    fi
    version=$(chroot "$base" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    local container
    container=$(buildah from scratch)
    buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --cmd python3 "$container"
    cp -a "$base/." "$(buildah mount "$container")"
    buildah commit --quiet --rm --format docker "$container" python-slim >/dev/null
    passed "base: Debian $VERSION_CODENAME with Python $version"
}

# The machine's pip downloads, since only it knows the machine's configuration; the build's pip installs from a folder.
build_image() {
    "$python" -m pip download -qq --disable-pip-version-check --dest "$work/wheels" --only-binary :all: \
        --python-version "$version" --constraint constraints.txt '.[postgres]' hatchling
    printf '[global]\nno-index = true\nfind-links = /wheels\n' >"$work/pip.conf"
    buildah build --isolation chroot --format docker --build-arg BASE=localhost/python-slim --tag reprompt-mock \
        --volume "$work/pip.conf:/etc/pip.conf:ro" --volume "$work/wheels:/wheels:ro" . >"$work/build.log" 2>&1 ||
        fail "the build, see $work/build.log"
    root=$(buildah mount "$(buildah from --pull-never localhost/reprompt-mock)")
    passed "every step of the Dockerfile"
}

expect() { [ "$2" = "$3" ] && passed "$1 $3" || fail "$1 is $2, expected $3"; }

check_configuration() {
    expect "entrypoint" "$(config '{{printf "%q" .Docker.Config.Entrypoint}}')" '["reprompt-mock"]'
    expect "command" "$(config '{{printf "%q" .Docker.Config.Cmd}}')" '["serve"]'
    expect "health check" "$(config '{{printf "%q" .Docker.Config.Healthcheck.Test}}')" '["CMD" "reprompt-mock" "health"]'
    expect "volumes" "$(config '{{.Docker.Config.Volumes}}')" 'map[/data:{}]'
    expect "ports" "$(config '{{.Docker.Config.ExposedPorts}}')" 'map[8780/tcp:{}]'
    expect "user" "$(config '{{.Docker.Config.User}}')" 10001:10001
    expect "title" "$(config '{{index .Docker.Config.Labels "org.opencontainers.image.title"}}')" reprompt-mock
    expect "license" "$(config '{{index .Docker.Config.Labels "org.opencontainers.image.licenses"}}')" MIT
    mapfile -t environment < <(config '{{range .Docker.Config.Env}}{{println .}}{{end}}' | grep .)
}

check_content() {
    expect "mode of /data" "$(stat --format %a "$root/data")" 1777
    local megabytes tool
    megabytes=$(du --summarize --apparent-size --block-size=MB "$root/opt/reprompt-mock" | cut -f1)
    [ "${megabytes%MB}" -le $own_megabytes ] || fail "it adds $megabytes to its base, $own_megabytes are allowed"
    passed "it adds $megabytes to its base"
    for tool in /opt/reprompt-mock/bin/pip /opt/reprompt-mock/bin/hatchling /usr/bin/strip /usr/bin/gcc /src /dist; do
        [ ! -e "$root$tool" ] || fail "$tool is in the final stage"
    done
    passed "no build tools in it"
    ! chroot "$root" env "${environment[@]}" python -v -c 'import reprompt_mock.server' 2>&1 | grep 'bytecode is stale' ||
        fail "bytecode is stale: it would be slow to start"
    passed "its bytecode is used"
}

# start USER ARGUMENT…: as an engine does: in new namespaces, as process 1, with a read-only root except for /data.
start() {
    user=$1
    started=$(now)
    # shellcheck disable=SC2016
    unshare --mount --pid --net --fork sh -euc '
        root=$1 data=$2 user=$3; shift 3
        ip link set lo up
        mount --bind "$root" "$root"
        mount -o remount,bind,ro "$root"
        mount --bind "$data" "$root/data"
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        exec chroot --userspec "$user" --groups= "$root" env --ignore-environment --chdir=/data "$@"
    ' sh "$root" "$data" "$user" "${environment[@]}" reprompt-mock "${@:2}" &
    engine=$!
    until server=$(pgrep --parent $engine); do sleep 0.01; done
}

# inside COMMAND…: runs a command as docker exec does.
inside() {
    nsenter --target "$server" --mount --pid --net --root --setuid "${user%:*}" --setgid "${user#*:}" \
        env --ignore-environment "${environment[@]}" "$@"
}

healthy() {
    until inside reprompt-mock health 2>/dev/null; do
        kill -0 "$server" 2>/dev/null || fail "as $user it ended"
        [ $(($(now) - started)) -lt $((patience * 1000)) ] || fail "as $user it is not healthy within $patience s, $(load)"
        sleep 0.1
    done
    passed "as $user, root read-only: healthy after $(($(now) - started)) ms"
    inside reprompt-mock health --wait --timeout "$patience" || fail "as $user it is not ready within $patience s more, $(load)"
    passed "ready after $(($(now) - started)) ms"
}

stop() {
    local asked code=0
    asked=$(now)
    kill -TERM "$server"
    timeout "$patience" tail --pid="$server" --sleep-interval=0.02 --follow /dev/null || fail "it does not stop within $patience s, $(load)"
    wait $engine || code=$?
    [ $code = 0 ] || fail "its exit code after SIGTERM is $code"
    server=
    passed "stopped by SIGTERM after $(($(now) - asked)) ms, exit code 0"
}

fresh_data() { rm -rf "$work/data" && cp -a "$root/data" "$work/data"; }

CREATE='
import json, urllib.request
from reprompt_mock import samples
url = "http://127.0.0.1:8780/v1/acme/place_enrichment/batches"
body = json.dumps(samples.request("create_batch")).encode()
urllib.request.urlopen(urllib.request.Request(url, body, {"apiKey": "any"})).read()
'
COUNT='from reprompt_mock import RepromptMock
print(sum(RepromptMock.connect("http://127.0.0.1:8780", org_slug="acme").counts().values()))'

check_runs() {
    local jobs
    fresh_data
    start "$(config '{{.Docker.Config.User}}')" serve
    healthy
    inside sh -c '! touch /opt/reprompt-mock/x /x' 2>/dev/null || fail "the root can be written"
    inside sh -c 'ls /data/reprompt-mock-*/world.db' >/dev/null 2>&1 || fail "ephemeral data are not in /data"
    stop
    [ -z "$(ls -A "$work/data")" ] || fail "it left ephemeral data in /data"

    start 23456:23456 serve --db world.db
    healthy
    inside python -c "$CREATE"
    jobs=$(inside python -c "$COUNT")
    stop
    start 23456:23456 serve --db world.db
    healthy
    expect "jobs kept by --db in /data:" "$(inside python -c "$COUNT")" "$jobs"
    [ "$jobs" -gt 0 ] || fail "it counts no jobs"
    inside reprompt-mock demo >/dev/null || fail "the demo"
    passed "the demo runs in it"
    stop
}

# postgres PROGRAM ARGUMENT…: runs a program of the machine's newest PostgreSQL as its user.
postgres() {
    local bin
    bin=$(type -P "$1" || find /usr/lib/postgresql/*/bin -name "$1" 2>/dev/null | sort --version-sort | tail -n 1)
    (cd / && runuser -u postgres -- "$bin" "${@:2}")
}

# The namespace has no network, but the server's socket may stand in /data.
check_database() {
    local jobs
    if ! postgres pg_ctl --version >/dev/null 2>&1; then
        echo "image-check: left out: PostgreSQL, which this machine lacks"
        chroot "$root" env "${environment[@]}" python -c 'import reprompt_mock.store.postgres' || fail "it lacks the driver of PostgreSQL"
        return
    fi
    cluster=$(mktemp -d) data=$cluster/socket
    chmod 755 "$cluster" && mkdir --mode=1777 "$data" && chown postgres "$cluster"
    postgres initdb -D "$cluster/data" -A trust -E UTF8 --no-locale --no-sync >/dev/null
    postgres pg_ctl -D "$cluster/data" -w -l "$cluster/log" \
        -o "-c listen_addresses='' -c unix_socket_directories=$data" start >/dev/null || fail "PostgreSQL does not start"
    environment+=("REPROMPT_MOCK_DB=postgresql://postgres@/postgres?host=/data")
    start 10001:10001 serve
    healthy
    inside python -c "$CREATE"
    jobs=$(inside python -c "$COUNT")
    [ "$jobs" -gt 0 ] || fail "it counts no jobs"
    stop
    start 10001:10001 serve
    healthy
    expect "jobs kept by PostgreSQL:" "$(inside python -c "$COUNT")" "$jobs"
    stop
}

prepare
make_base
build_image
check_configuration
check_content
check_runs
check_database
echo "image-check: passed"
