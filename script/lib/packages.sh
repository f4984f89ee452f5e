# Installs what Signet needs of the system and is not there. Sourced by the scripts; quiet when nothing is missing.
#
#   need build postgresql browser

# Whether the parts are there, however they came: by the distribution, by hand, by another package manager.
has_compiler() { command -v cc >/dev/null && command -v make >/dev/null; }
has_pkg_config() { command -v pkg-config >/dev/null; }
has_openssl() { has_pkg_config && pkg-config --exists openssl; }
has_certificates() { [ -e /etc/ssl/certs/ca-certificates.crt ] || [ -e /etc/ssl/cert.pem ]; }
has_postgresql() {
    local initdb
    for initdb in "$(command -v initdb || true)" "$(pg_config --bindir 2>/dev/null || true)/initdb" \
        /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb; do
        [ -x "$initdb" ] && return 0
    done
    return 1
}
has_node() { command -v node >/dev/null && [ "$(node -p 'Number(process.versions.node.split(".")[0])')" -ge 18 ]; }
has_npm() { command -v npm >/dev/null; }
has_chromium() { command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; }
has_fonts() { command -v fc-list >/dev/null && [ -n "$(fc-list 2>/dev/null | head -n 1)" ]; }

# Appends to `missing` the packages of one purpose that are not there.
look_for() {
    case $1 in
    build)
        has_compiler || missing+=(build-essential)
        has_pkg_config || missing+=(pkg-config)
        has_openssl || missing+=(libssl-dev)
        has_certificates || missing+=(ca-certificates)
        ;;
    postgresql) has_postgresql || missing+=(postgresql) ;;
    browser)
        has_node || missing+=(nodejs)
        has_npm || missing+=(npm)
        has_chromium || missing+=(chromium)
        has_fonts || missing+=(fontconfig fonts-dejavu-core)
        ;;
    esac
}

# Runs a command as root, or fails.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install_packages() {
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0) output
    output=$(mktemp)
    echo "installing: $*" >&2
    if ! {
        as_root "${apt[@]}" update
        # Signet runs a cluster of its own; the package would make and start another one.
        case " $* " in
        *" postgresql "*)
            local settings=/etc/postgresql-common/createcluster.conf
            as_root "${apt[@]}" install --no-install-recommends -y postgresql-common
            as_root sed -i.signet 's/^#\?create_main_cluster.*/create_main_cluster = false/' "$settings"
            ;;
        esac
        as_root "${apt[@]}" install --no-install-recommends -y "$@"
    } >"$output" 2>&1; then
        tail -n 20 "$output" >&2
        echo "the packages could not be installed; see above" >&2
        rm -f "$output"
        exit 1
    fi
    rm -f "$output"
    if [ -e /etc/postgresql-common/createcluster.conf.signet ]; then
        as_root mv /etc/postgresql-common/createcluster.conf.signet /etc/postgresql-common/createcluster.conf
    fi
}

need_cargo() {
    if ! command -v cargo >/dev/null && [ -x "$HOME/.cargo/bin/cargo" ]; then
        PATH=$HOME/.cargo/bin:$PATH
    fi
    if ! command -v cargo >/dev/null; then
        echo "Rust is missing. Install it with rustup (https://rustup.rs), then run this again." >&2
        exit 1
    fi
}

need() {
    local missing=() purpose
    for purpose in "$@"; do look_for "$purpose"; done
    if [ ${#missing[@]} -gt 0 ]; then
        if ! command -v apt-get >/dev/null; then
            echo "Missing, by their Debian names: ${missing[*]}. Install them, then run this again." >&2
            exit 1
        fi
        if [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; }; then
            install_packages "${missing[@]}"
        else
            echo "System packages are missing. Run this as root, then start again:" >&2
            echo "  apt-get update && apt-get install --no-install-recommends -y ${missing[*]}" >&2
            exit 1
        fi
    fi
    need_cargo
}
