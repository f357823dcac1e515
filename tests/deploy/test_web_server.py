"""The shipped nginx configuration is one that nginx takes, and logs no path: a path may hold a token (law 8)."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.postfix.instance import free_port
from tests.smtp.certificate import make

DEPLOY = Path(__file__).parents[2] / "deploy"


def test_nginx_takes_it(tmp_path: Path) -> None:
    """Nginx itself finds no mistake in the shipped files."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    files = make(tmp_path)
    shipped = (DEPLOY / "nginx" / "sealgate.conf").read_text()
    for old, new in (
        ("/etc/sealgate/tls/fullchain.pem", str(files[0])),
        ("/etc/sealgate/tls/key.pem", str(files[1])),
        ("/var/log/nginx", str(tmp_path)),
        ("listen 443 ssl", f"listen 127.0.0.1:{free_port()} ssl"),
        ("listen 80 ", f"listen 127.0.0.1:{free_port()} "),
    ):
        assert old in shipped
        shipped = shipped.replace(old, new)
    upstreams = (DEPLOY / "nginx" / "upstreams.conf").read_text()
    main = tmp_path / "nginx.conf"
    main.write_text(
        f"pid {tmp_path}/pid;\nerror_log {tmp_path}/error;\nevents {{}}\nhttp {{\n{upstreams}{shipped}}}\n"
    )
    ended = subprocess.run([program, "-t", "-c", str(main)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_no_path_is_logged() -> None:
    """No log format names the request line, its address or where it came from."""
    shipped = (DEPLOY / "nginx" / "sealgate.conf").read_text()
    form = shipped[shipped.index("log_format") : shipped.index(";", shipped.index("log_format"))]
    for telling in ("$request ", "$request'", "$request_uri", "$uri", "$args", "$http_referer"):
        assert telling not in form
    assert shipped.count("access_log") == shipped.count("server {")
