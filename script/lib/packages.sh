# Installs what Signet needs of the system and is not there. Sourced by the scripts; quiet when nothing is missing.
#
#   need build postgresql browser

# Whether the parts are there, however they came: by the distribution, by hand, by another package manager.
has_compiler() { command -v cc >/dev/null && command -v make >/dev/null; }
has_pkg_config() { command -v pkg-config >/dev/null; }
has_openssl() { has_pkg_config && pkg-config --exists openssl; }
has_certificates() { [ -e /etc/ssl/certs/ca-certificates.crt ] || [ -e /etc/ssl/cert.pem ]; }
# PostgreSQL 14 or newer, in any of the places where the server looks (src/app/database/embedded/programs.rs).
has_postgresql() {
    local folder major folders
    IFS=: read -ra folders <<<"$PATH"
    for folder in "${folders[@]}" "$(pg_config --bindir 2>/dev/null || true)" \
        /usr/lib/postgresql/*/bin /usr/local/*/bin /opt/*/bin /usr/pgsql-*/bin; do
        [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] || continue
        major=$("$folder/postgres" --version 2>/dev/null | sed -n 's/.*(PostgreSQL) \([0-9]*\).*/\1/p')
        [ "${major:-0}" -ge 14 ] && return 0
    done
    return 1
}
# 18.19 is the first whose `node --test` knows `--test-concurrency`; Debian 12 has a later one.
has_node() {
    command -v node >/dev/null &&
        node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major > 18 || (major == 18 && minor >= 19) ? 0 : 1)'
}
has_npm() { command -v npm >/dev/null; }
# Prints where Chromium is.
find_chromium() { command -v "${CHROMIUM:-chromium}" || command -v chromium-browser || command -v google-chrome; }
has_chromium() { find_chromium >/dev/null; }
has_fonts() { command -v fc-list >/dev/null && [ -n "$(fc-list 2>/dev/null | head -n 1)" ]; }

# Sets `missing` to the packages of these purposes that are not there.
look_for() {
    local purpose
    missing=()
    for purpose in "$@"; do
        case $purpose in
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
    done
}

# What is wanted under a package's name, for somebody whose distribution does not have it.
wanted() {
    case $1 in
    postgresql) echo "PostgreSQL 14 or newer (https://www.postgresql.org/download/)" ;;
    nodejs) echo "Node.js 18.19 or newer (https://nodejs.org/); found: $(node --version 2>/dev/null || echo none)" ;;
    chromium) echo "Chromium, in PATH or named by CHROMIUM (a real package: Ubuntu's is a snap)" ;;
    *) echo "$1" ;;
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
    local missing package
    look_for "$@"
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
        hash -r
        look_for "$@"
        if [ ${#missing[@]} -gt 0 ]; then
            echo "Still missing after the installation; the distribution's packages do not give it:" >&2
            for package in "${missing[@]}"; do echo "  $(wanted "$package")" >&2; done
            exit 1
        fi
    fi
    need_cargo
}
