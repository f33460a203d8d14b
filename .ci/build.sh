# Sourced by ./dapr and ./test, which set $root. POSIX sh.

stamps="$root/artifacts/stamps"

# No build process may stay behind: one that does would hold the build lock, and surprise whoever looks at ps.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 UseSharedCompilation=false
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

need_dotnet() {
  command -v dotnet >/dev/null 2>&1 || say_what_to_install "there is no 'dotnet' in PATH"
}

# global.json decides which SDKs will do; it is asked only before a build, because asking takes a moment.
need_sdk() {
  need_dotnet
  (cd "$root" && dotnet --version >/dev/null 2>&1) && return
  sdks=$(dotnet --list-sdks 2>/dev/null | cut -d' ' -f1 | tr '\n' ' ')
  [ -z "$sdks" ] || say_what_to_install "the .NET SDKs found here are too old: $sdks"
  say_what_to_install "here is only a .NET runtime, without an SDK"
}

say_what_to_install() {
  cat >&2 <<END
${0##*/}: the .NET 10 SDK is needed, and $1
  all systems     https://dotnet.microsoft.com/download/dotnet/10.0
  Debian, Ubuntu  apt-get install dotnet-sdk-10.0
  macOS           brew install dotnet
  Windows         winget install Microsoft.DotNet.SDK.10
END
  exit 1
}

# Anything under src newer than the stamp? Folders count, so that a deleted file is noticed.
is_stale() {
  [ -f "$stamps/$1" ] || return 0
  [ -n "$(find "$root/src" "$root"/Directory.* "$root/global.json" "$root/.editorconfig" "$root/Dapr.slnf" -newer "$stamps/$1" 2>/dev/null | head -n 1)" ]
}

# with_lock COMMAND...: one build at a time in this tree. Builds get no copy of the lock, only this shell holds it.
with_lock() {
  if ! mkdir -p "$stamps" 2>/dev/null || [ ! -w "$stamps" ]; then
    echo "${0##*/}: a build writes to $root/artifacts, and that cannot be written; use a copy of this tree that can" >&2
    return 1
  fi
  if command -v flock >/dev/null 2>&1; then
    ( flock 9 && "$@" ) 9>"$stamps/lock"
    return
  fi

  # macOS has no flock. The holder's number inside tells a lock that was left by a kill.
  while ! mkdir "$stamps/lock.d" 2>/dev/null; do
    holder=$(cat "$stamps/lock.d/pid" 2>/dev/null || :)
    if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then
      rm -rf "$stamps/lock.d"
    else
      sleep 0.2
    fi
  done
  echo $$ >"$stamps/lock.d/pid"
  built=0
  "$@" || built=$?
  rm -rf "$stamps/lock.d"
  return "$built"
}

# build TARGET STAMP...: a release build, silent unless it fails. The stamps get the time at which it began, so that a
# source saved meanwhile makes them stale.
build() {
  target=$1
  shift
  need_sdk
  : >"$stamps/begun"
  if ! dotnet build "$root/$target" -c Release -v quiet -clp:NoSummary >"$stamps/build.log" 2>&1 9>&-; then
    # The build says every error twice.
    grep -E '(error|warning) [A-Z]+[0-9]+' "$stamps/build.log" | sort -u >&2 || cat "$stamps/build.log" >&2
    return 1
  fi
  for stamp in "$@"; do
    cp -p "$stamps/begun" "$stamps/$stamp"
  done
}
