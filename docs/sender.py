"""Delivers event lines from stdin to host-metrics: python3 sender.py http://127.0.0.1:9465/v1/events < lines"""
import http.client, random, secrets, sys, time, urllib.error, urllib.request

BATCH = 200      # lines of a delivery: at most 1 MiB if each has at most 4,096 bytes
PATIENCE = 60    # seconds after which a delivery is given up
SOURCE = "sender-" + secrets.token_hex(8)    # a name that no other sender has, and no other run of this one

def deliver(url, sequence, batch, dropped):
    """Sends a delivery until it is acknowledged: the same body under the same number, which is counted once."""
    headers = {"portent-source": SOURCE, "portent-sequence": str(sequence), "portent-dropped": str(dropped)}
    body, end, pause = b"".join(batch), time.monotonic() + PATIENCE, 0.1
    while True:
        try:
            return urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=5).read()
        except urllib.error.HTTPError as error:    # an answer: only 408, 429 and 5xx may change
            problem = f"{error.code} {error.read().decode(errors='replace').strip()}"
            final = error.code < 500 and error.code not in (408, 429)
        except (OSError, http.client.HTTPException) as error:    # no answer: it may have been counted
            problem, final = str(error), False
        if final or time.monotonic() > end:
            return print(f"{len(batch)} events given up: {problem}", file=sys.stderr)
        time.sleep(pause * random.uniform(0.5, 1.5))
        pause = min(2 * pause, 5)

lines, given_up, dropped = list(sys.stdin.buffer), False, 0
for sequence, start in enumerate(range(0, len(lines), BATCH), 1):
    batch = lines[start:start + BATCH]
    done = deliver(sys.argv[1], sequence, batch, dropped)
    given_up, dropped = given_up or not done, 0 if done else dropped + len(batch)
sys.exit(given_up)
