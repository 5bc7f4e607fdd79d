# shellcheck shell=bash
# What every program of setup/ shares: where things are kept, which engine answers, how to speak to the user.
#
# Three variables change a decision, and the unit tests use them too:
#   EDGEBENCH_CACHE       the folder that holds everything (engine, registry, base image); moves all of it
#   EDGEBENCH_OS_RELEASE  read instead of /etc/os-release
#   EDGEBENCH_UID         taken instead of the caller's uid
#
# How the docker command finds buildx and compose without touching ~/.docker: the command looks for plugins in the
# folders that "cliPluginsExtraDirs" of its config.json names. Where the user's own command has no buildx, or our
# engine is used, DOCKER_CONFIG points to a folder of the cache whose config.json is the user's own (so registry
# logins, proxies and credential helpers hold) plus that one key; contexts are a link to the user's. Where the user's
# engine and buildx both work, DOCKER_CONFIG is left alone.

CACHE=${EDGEBENCH_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME is not set: set it, or EDGEBENCH_CACHE}/.cache}/edgebench-matrix}
[[ $CACHE == /* ]] || CACHE=$PWD/$CACHE
ENGINE=$CACHE/engine           # unpacked packages, configuration, pids, logs, data of the private engine
ROOT=$ENGINE/root              # the unpacked packages
BIN=$ENGINE/bin                # only what a user's command may need on its PATH (docker)
REGISTRY=$CACHE/registry       # the local registry that is the private engine's mirror
CONFIG=$CACHE/docker-config    # the private DOCKER_CONFIG
# A socket's path is limited to 108 bytes and containerd makes long ones, so run-time state has a short name of its own.
EXEC=/run/edgebench-$(printf %s "$CACHE" | sha256sum | cut -c1-8)
SOCKET=$ENGINE/docker.sock
((${#SOCKET} <= 100)) || SOCKET=$EXEC/docker.sock

# Inside `setup/env` the variables below are ours: forget them, so that "the user's engine" keeps its meaning.
if [[ ${DOCKER_HOST:-} == "unix://$SOCKET" ]]; then unset DOCKER_HOST; fi
if [[ ${DOCKER_CONFIG:-} == "$CONFIG" ]]; then unset DOCKER_CONFIG; fi

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { local code=$1; shift; say "$*"; exit "$code"; }
have() { command -v "$1" >/dev/null 2>&1; }

need_room() { # GB: what making everything from nothing takes; less free than that is said, and may still be enough
  local free
  mkdir -p "$CACHE"
  free=$(df -Pk "$CACHE" | awk 'NR == 2 { print int($4 / 1e6) }')
  ((free >= $1)) || say "only $free GB are free where $CACHE is: from nothing this takes $1 GB, less where images are made already"
}

os_field() { # NAME: one field of os-release, empty where there is none
  # shellcheck source=/dev/null
  (unset "$1"; . "${EDGEBENCH_OS_RELEASE:-/etc/os-release}" 2>/dev/null && printf %s "${!1:-}") || true
}
uid() { printf %s "${EDGEBENCH_UID:-$(id -u)}"; }

# --- who answers ---------------------------------------------------------------------------------------------------

ping_socket() { # PATH: does an engine answer on this unix socket?
  [[ -S $1 ]] || return 1
  if have curl; then
    [[ $(curl -s --max-time 5 --unix-socket "$1" http://localhost/_ping 2>/dev/null) == OK ]]
  elif have python3; then
    python3 - "$1" 2>/dev/null <<'PY'
import socket, sys
s = socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect(sys.argv[1])
s.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
sys.exit(b" 200 " not in s.recv(64))
PY
  elif [[ -x $ROOT/usr/bin/docker ]]; then
    timeout 10 "$ROOT/usr/bin/docker" -H "unix://$1" info >/dev/null 2>&1
  else
    return 1
  fi
}

user_docker() { # the user's own docker command, never the one that setup/env put first on the PATH
  local path
  path=$(type -aP docker 2>/dev/null | grep -vxF "$BIN/docker" | head -n 1) || return 1
  printf %s "$path"
}

user_engine() { # does an engine that is not ours answer?
  local docker
  if docker=$(user_docker); then
    timeout 20 "$docker" info >/dev/null 2>&1
    return
  fi
  case ${DOCKER_HOST:-} in
    '') ping_socket /var/run/docker.sock ;;
    unix://*) ping_socket "${DOCKER_HOST#unix://}" ;;
    *) return 1 ;; # ssh and tcp need the docker command
  esac
}

private_engine() { [[ -x $ROOT/usr/bin/docker ]] && ping_socket "$SOCKET"; }

which_engine() { # user, private or none
  if user_engine; then echo user; elif private_engine; then echo private; else echo none; fi
}

why_no_engine() { # one line: why none can be had here, and what would help; empty where a private one can be made
  local id
  id=$(os_field ID)
  case $(uname -s)-$id in
    Linux-debian | Linux-ubuntu)
      if [[ $id == debian && $(os_field VERSION_ID) =~ ^([0-9]|1[01])$ ]]; then
        echo "no Docker engine answers, and a private one needs Debian 12 or later (this is $(os_field VERSION_ID)): start one yourself, e.g. apt-get install docker.io"
      elif [[ $(uid) != 0 ]]; then
        if [[ -S /var/run/docker.sock ]]; then
          echo "a Docker engine is there but does not answer this user: run 'sudo usermod -aG docker ${USER:-\$USER}', log in again, and try again"
        else
          echo "no Docker engine answers, and a private one needs root: run 'sudo apt-get install docker.io docker-buildx', or start the engine that you have"
        fi
      elif [[ ! $CACHE =~ ^[A-Za-z0-9/._@%+=,-]+$ ]]; then
        echo "no Docker engine answers, and a private one cannot live in '$CACHE' (debootstrap takes no spaces or signs): set EDGEBENCH_CACHE to a plain path"
      fi ;;
    Darwin-*) echo "no Docker engine answers: install and start Docker Desktop ('brew install --cask docker'), or set DOCKER_HOST" ;;
    *) echo "no Docker engine answers, and a private one is only made on Debian and Ubuntu (this is ${id:-unknown}): install Docker with your package manager and start it, or set DOCKER_HOST" ;;
  esac
}

# --- using it ------------------------------------------------------------------------------------------------------

plugin_dir() { # where the unpacked packages keep buildx and compose: Debian and Ubuntu differ
  local dir
  for dir in "$ROOT/usr/libexec/docker/cli-plugins" "$ROOT/usr/lib/docker/cli-plugins"; do
    [[ -x $dir/docker-buildx ]] && printf %s "$dir" && return
  done
  return 1
}

private_config() { # (re)make $CONFIG from the user's own configuration; cheap when nothing changed
  local own=${DOCKER_CONFIG:-$HOME/.docker} dir text='{}' key temp
  dir=$(plugin_dir)
  # The user's plugins come first, ours fill the gaps.
  key="\"cliPluginsExtraDirs\": [\"$own/cli-plugins\", \"$dir\"]"
  # A cache that was moved, or that another home shares, names other folders.
  [[ $CONFIG/config.json -nt $own/config.json && $CONFIG/config.json -nt $ROOT/.complete ]] &&
    grep -qsF "$key" "$CONFIG/config.json" && return
  mkdir -p "$CONFIG"
  chmod 700 "$CONFIG" # it may hold a copy of registry logins
  [[ ! -f $own/config.json ]] || text=$(<"$own/config.json")
  text=${text#*\{}
  if [[ ${text//[[:space:]]/} == '}' ]]; then text="{$key}"; else text="{$key,$text"; fi
  temp=$(mktemp "$CONFIG/config.XXXXXX")
  printf '%s\n' "$text" >"$temp"
  mv -f "$temp" "$CONFIG/config.json"
  [[ ! -d $own/contexts ]] || ln -sfn "$own/contexts" "$CONFIG/contexts"
}

use_engine() { # WHICH: set the environment so that `docker`, its plugins and the Python SDK reach that engine
  export EDGEBENCH_ENGINE=$1
  case $1 in
    user)
      # Our command or plugins only stand in for what the user's set-up lacks.
      if user_docker >/dev/null; then docker buildx version >/dev/null 2>&1 && return; else PATH=$BIN:$PATH; fi
      plugin_dir >/dev/null || return 0
      private_config
      export PATH DOCKER_CONFIG=$CONFIG ;;
    private)
      private_config
      export PATH=$BIN:$PATH DOCKER_HOST=unix://$SOCKET DOCKER_CONFIG=$CONFIG
      EDGEBENCH_REGISTRY=127.0.0.1:$(<"$REGISTRY/port")
      export EDGEBENCH_REGISTRY
      unset DOCKER_CONTEXT DOCKER_TLS_VERIFY DOCKER_CERT_PATH ;;
  esac
}

# --- processes and mounts ------------------------------------------------------------------------------------------

ours() { # PID MARK: is this process alive, and does its command line hold MARK? (a pid may have been given away)
  [[ ${1:-} =~ ^[0-9]+$ ]] && { tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null | grep -qF -- "$2"
}
pid_in() { [[ -f $1 ]] && tr -dc 0-9 <"$1" || true; }

stop() { # PID MARK: ask, wait up to 30 s, then force
  local n
  ours "$1" "$2" || return 0
  kill "$1" 2>/dev/null || true
  for ((n = 0; n < 300; n++)); do ours "$1" "$2" || return 0; sleep 0.1; done
  kill -9 "$1" 2>/dev/null || true
  for ((n = 0; n < 50; n++)); do ours "$1" "$2" || return 0; sleep 0.1; done
  die 1 "process $1 does not end; look at it with: ps -fp $1"
}

unmount_below() { # DIR: unmount everything below it, deepest first
  local point
  while read -r point; do
    umount "$point" 2>/dev/null || umount -l "$point" || say "could not unmount $point"
  done < <(awk -v dir="$1/" 'index($5 "/", dir) == 1 {print $5}' /proc/self/mountinfo | sort -r)
}

detached() { # LOG CMD…: run in a session of its own, with none of the caller's files open; the pid is in $detached_pid
  local log=$1
  shift
  (
    cd /
    # A pipe of make or CI that a daemon inherits keeps its reader waiting for ever.
    for fd in /proc/"$BASHPID"/fd/*; do
      fd=${fd##*/}
      ((fd > 2)) && eval "exec $fd>&-"
    done 2>/dev/null
    unset MAKEFLAGS MFLAGS DOCKER_HOST DOCKER_CONFIG DOCKER_CONTEXT TMPDIR
    exec setsid "$@" </dev/null >>"$log" 2>&1
  ) &
  # shellcheck disable=SC2034 # for the caller
  detached_pid=$!
}
