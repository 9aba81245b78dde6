# shellcheck shell=sh
# What the stages of the boot test share. To be sourced, in the container.

export LC_ALL=C
# shellcheck disable=SC2034 # the stages use it
unit=mbasyncserver.service

# On a fast machine a stage starts the service more often than StartLimitBurst=
# allows: what was counted so far is forgotten.
systemctl()
{
	case $1 in
	start | restart | enable)
		command systemctl reset-failed 'mbasyncserver*' 2>/dev/null || :
		;;
	esac
	command systemctl "$@"
}

# What systemd says, when a stage fails and nobody can look any more.
fail()
{
	echo "FAILED: $*"
	systemctl --no-pager --full --lines=0 status 'mbasyncserver*'
	journal | tail -n 60
	exit 1
}

# check SENTENCE COMMAND...: it is so, now.
check()
{
	sentence=$1
	shift
	"$@" || fail "$sentence: $*"
	echo "ok: $sentence"
}

# soon SENTENCE COMMAND...: it becomes so. The bound is for a busy machine.
soon()
{
	sentence=$1
	shift
	tries=1200
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "$sentence, in 120 s: $*"
		sleep 0.1
	done
	echo "ok: $sentence"
}

is_not()
{
	! "$@"
}

# shows PROPERTY VALUE: what systemd knows of the service.
shows()
{
	[ "$(systemctl show -P "$1" "$unit")" = "$2" ]
}

main_pid()
{
	systemctl show -P MainPID "$unit"
}

# replaced PID: another process serves.
replaced()
{
	now=$(main_pid)
	[ "$now" != 0 ] && [ "$now" != "$1" ] && shows ActiveState active
}

# holds HOST PORT VALUE: in the register that is used here.
holds()
{
	mbpoll -m tcp -p "$2" -o 10 -0 -1 -t 4 -r 7 "$1" 2>&1 |
		grep -q "^\[7\]:[[:space:]]*$3\$"
}

# answers HOST PORT: a value that is written is read again.
answers()
{
	value=$(($(od -An -N 2 -t u2 /dev/urandom) % 30000 + 1))
	mbpoll -m tcp -p "$2" -o 10 -0 -1 -t 4 -r 7 "$1" "$value" \
	    >/dev/null 2>&1 && holds "$1" "$2" "$value"
}

# The certificates and keys of this test.
# shellcheck disable=SC2034 # the stages use it
certificates=/opt/boot-test/certificates

# tls_from PORT TO: clients of that port, who know no TLS, come with a
# certificate to the other one.
tls_from()
{
	socat "TCP-LISTEN:$1,fork,reuseaddr,bind=127.0.0.1" \
	    "OPENSSL:127.0.0.1:$2,commonname=localhost,cert=$certificates/manager.pem,key=$certificates/manager.key,cafile=$certificates/ca.pem" \
	    2>/dev/null &
	soon "a client with a certificate is ready" listening "$1"
}

# listening PORT
listening()
{
	ss --no-header --listening --tcp --numeric "sport = :$1" | grep -q .
}

# set_options OPTION...: as an editor would.
set_options()
{
	sed -i "s|^OPTIONS=.*|OPTIONS=\"$*\"|" /etc/default/mbasyncserver
}

# say_word WORD PORT: shut the server down.
say_word()
{
	bash -c "printf %s '$1' >/dev/tcp/127.0.0.1/$2"
}

# drop_in [LINE...]: these and no others, until the next boot.
drop_in()
{
	folder=/run/systemd/system/$unit.d
	rm -rf "$folder"
	if [ $# -gt 0 ]; then
		mkdir -p "$folder"
		printf '%s\n' '[Service]' "$@" >"$folder/test.conf"
	fi
	systemctl daemon-reload
}

# has_status FIELD VALUE: in the server's /proc/PID/status.
has_status()
{
	[ "$(sed -n "s/^$1:[[:space:]]*\([^[:space:]]*\).*/\1/p" \
	    "/proc/$(main_pid)/status")" = "$2" ]
}

# apart NAMESPACE: the server has one of its own.
apart()
{
	[ "$(readlink "/proc/$(main_pid)/ns/$1")" != "$(readlink "/proc/1/ns/$1")" ]
}

journal()
{
	journalctl --boot --no-pager --output=cat --unit='mbasyncserver*' \
	    --quiet
}

# said REGEXP: by systemd about the units, or by them, since the last boot. It
# takes a moment to get there.
said()
{
	journal | grep -qiE -e "$1"
}

nothing_denied()
{
	is_not said 'denied|not permitted|read-only file|unknown key|audit|seccomp'
}

# confined CAPABILITIES: it is nobody, and may do nothing but what the unit says.
confined()
{
	check "the server isn't root" is_not has_status Uid 0
	check "it has the capabilities of the unit" has_status CapEff "$1"
	check "it gains none" has_status NoNewPrivs 1
	check "its system calls are filtered" has_status Seccomp 2
	check "it sees other files than the system" apart mnt
	check "they are read-only" is_not nsenter --target "$(main_pid)" --mount \
	    sh -c "touch /etc/written || touch /usr/written" 2>/dev/null
}
