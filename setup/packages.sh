# shellcheck shell=bash
# Gets the engine from the distribution into the cache, and installs nothing: apt runs with a state, a cache, a
# configuration and source lists of its own, packages are unpacked with dpkg-deb -x, and no maintainer script runs.
#
# Tested on Debian 12 as root. Debian 13 and Ubuntu take their own release's packages by the same code: not tried.

APT=$CACHE/apt

own_sources() { # CODENAME FROM: the machine's own apt entries of release FROM, renamed to CODENAME, as deb822 and one-line
  # Only the distribution's own suites with a component main: third parties' sources are none of our business.
  # stdin is not used; two files are written below $APT/sources
  local to=$1 from=$2 etc=${EDGEBENCH_APT_DIR:-/etc/apt}
  local suites="$from|$from-updates|$from-security|$from/updates"
  cat "$etc"/sources.list "$etc"/sources.list.d/*.list 2>/dev/null | grep -E '^deb[[:space:]]' |
    grep -E "[[:space:]]($suites)[[:space:]]+([a-z-]+[[:space:]]+)*main([[:space:]]|\$)" |
    sed -E "s#([[:space:]])$from(-updates|-security|/updates)?([[:space:]])#\1$to\2\3#" >"$APT/sources/$to.list" || true
  for file in "$etc"/sources.list.d/*.sources; do
    [[ -f $file ]] && grep -v '^#' "$file" && echo
  done 2>/dev/null | awk -v RS= -v ORS='\n\n' -v suites="$suites" -v from="$from" -v to="$to" '
    /(^|\n)Enabled:[ \t]*no/ || !/(^|\n)Types:[^\n]*deb( |\n)/ || !/(^|\n)Components:[^\n]*main/ { next }
    {
      found = 0; out = ""; lines = split($0, line, "\n")
      for (i = 1; i <= lines; i++) {
        if (line[i] ~ /^Types:/) line[i] = "Types: deb"
        if (line[i] ~ /^Suites:/) {
          count = split(line[i], word, /[ \t]+/); line[i] = "Suites:"
          for (j = 2; j <= count; j++) if (word[j] ~ "^(" suites ")$") {
            found = 1; sub("^" from, to, word[j]); line[i] = line[i] " " word[j]
          }
        }
        out = out (i > 1 ? "\n" : "") line[i]
      }
      if (found) print out
    }' >"$APT/sources/$to.sources"
  [[ -s $APT/sources/$to.list || -s $APT/sources/$to.sources ]]
}

prepare_apt() { # CODENAME…: the private apt knows these releases; its lists are refreshed
  local own name
  own=$(os_field VERSION_CODENAME)
  { have apt-get && have dpkg-deb; } || die 3 "apt-get or dpkg-deb is missing on this $(os_field ID) machine"
  rm -rf "$APT/sources"
  mkdir -p "$APT/sources" "$APT/lists/partial" "$APT/cache/archives/partial"
  for name in "$@"; do
    own_sources "$name" "$own" || die 3 "no apt source of $own was found in /etc/apt: add the distribution's own, then try again"
  done
  # How the machine reaches its mirrors (proxies, certificates, dates) holds; hooks and pins of the machine do not.
  {
    apt-config dump | grep '^Acquire::' || true
    cat <<CONF
Dir::Etc::main "/dev/null";
Dir::Etc::Parts "/dev/null";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$APT/sources";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::lists "$APT/lists";
Dir::Cache "$APT/cache";
APT::Sandbox::User "root";
Acquire::Languages "none";
CONF
  } >"$APT/apt.conf"
  # One dead third-party source must not stop us: what counts is whether the packages can be had.
  APT_CONFIG=$APT/apt.conf apt-get -q=2 update >"$APT/update.log" 2>&1 || true
}

download() { # DIR PACKAGE…: .deb files into DIR
  local dir=$1
  shift
  (cd "$dir" && APT_CONFIG=$APT/apt.conf apt-get -q=2 download "$@" >"$APT/download.log" 2>&1) ||
    die 3 "apt could not download $*: $(grep -hE '^[EW]:' "$APT/update.log" "$APT/download.log" | head -n 3 | tr '\n' ' ')(full text in $APT/*.log)"
}

missing_libraries() { # DIR: packages that hold the shared libraries which the unpacked programs lack on this machine
  local file
  for file in "$1"/usr/sbin/dockerd "$1"/usr/sbin/runc "$1"/usr/bin/{containerd,docker,docker-registry}; do
    [[ -x $file ]] || continue
    LD_LIBRARY_PATH=$(library_path "$1") ldd "$file" 2>/dev/null || true
  done | awk '/not found/ {print $1}' | sort -u | while read -r name; do
    case $name in
      libseccomp.so.2) echo libseccomp2 ;;
      libdevmapper.so.1.02.1) echo libdevmapper1.02.1 ;;
      libsystemd.so.0) echo libsystemd0 ;;
      libudev.so.1) echo libudev1 ;;
      libselinux.so.1) echo libselinux1 ;;
      libpcre2-8.so.0) echo libpcre2-8-0 ;;
      libbtrfs.so.0) echo libbtrfs0 ;;
      libcap.so.2) echo libcap2 ;;
      *) die 3 "the engine needs the library $name, which this machine lacks: install the package that holds it" ;;
    esac
  done
}

library_path() { # DIR: where unpacked libraries are, if any were needed
  local dir
  for dir in "$1"/usr/lib/*-linux-gnu* "$1"/lib/*-linux-gnu*; do
    [[ -d $dir ]] && printf '%s:' "$dir"
  done
  true
}

unpack_engine() { # the packages, unpacked at $ROOT; nothing to do when they are there
  local id own temp packages libraries
  [[ ! -f $ROOT/.complete ]] || return 0
  id=$(os_field ID)
  own=$(os_field VERSION_CODENAME)
  say "getting the engine's packages from this machine's own apt sources into $ENGINE (about 100 MB; nothing is installed)"
  case $id-$own in
    debian-bookworm)
      # Debian 12's engine is too old for buildx. Debian 13's programs run on its libc, only its runc does not.
      prepare_apt trixie bookworm
      packages=({docker.io,docker-cli,containerd,docker-buildx,docker-compose}/trixie {runc,tini,docker-registry,debootstrap}/bookworm) ;;
    debian-*)
      prepare_apt "$own"
      packages=(docker.io docker-cli containerd docker-buildx docker-compose runc tini docker-registry debootstrap) ;;
    *)
      prepare_apt "$own" # Ubuntu: docker.io holds the command too
      packages=(docker.io containerd docker-buildx docker-compose-v2 runc tini docker-registry debootstrap) ;;
  esac
  temp=$ENGINE/root.new
  rm -rf "$temp" "$ENGINE/debs"
  mkdir -p "$temp" "$ENGINE/debs"
  download "$ENGINE/debs" "${packages[@]}"
  say "unpacking them"
  unpack "$temp"
  libraries=$(missing_libraries "$temp")
  if [[ -n $libraries ]]; then
    say "this machine lacks ${libraries//$'\n'/, }: unpacking them beside the engine"
    # shellcheck disable=SC2086 # a list of names
    download "$ENGINE/debs" $libraries
    unpack "$temp"
  fi
  rm -rf "$ENGINE/debs" "$APT/lists" "$APT/cache" "$ROOT" # what is at $ROOT without .complete is a broken rest
  touch "$temp/.complete"
  mv "$temp" "$ROOT"
  mkdir -p "$BIN"
  ln -sfn ../root/usr/bin/docker "$BIN/docker"
}

unpack() { # DIR: every downloaded package into it
  local file
  for file in "$ENGINE"/debs/*.deb; do dpkg-deb -x "$file" "$1"; rm "$file"; done
}
