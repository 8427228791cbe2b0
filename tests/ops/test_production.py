"""Production's way without Docker: a plain PostgreSQL and Valkey on TCP ports, the compose file's own scripts and
environment, secrets as files. Nothing of the embedded set-up takes part but its binaries."""

import os
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import closing

import psycopg2
import pytest
import yaml

from coop import embedded_files
from tests.faults.processes import PROJECT, environment, new_folder, wait_for

pytestmark = pytest.mark.faults


def free_port():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Servers:
    """What the compose file's postgres and valkey services would be."""

    def __init__(self, folder):
        self.folder = folder
        self.user = embedded_files.account()
        self.postgres_port, self.valkey_port = free_port(), free_port()
        self.running = []
        place = embedded_files._place(folder)
        self.binaries, self.valkey = place.postgres.parent, place.valkey

    def as_user(self):
        return {} if self.user is None else {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}

    def start(self):
        cluster, queue = self.folder / "cluster", self.folder / "queue"
        for each in (cluster, queue):
            each.mkdir(mode=0o700)
            if self.user:
                os.chown(each, self.user.pw_uid, self.user.pw_gid)
        initdb = [self.binaries / "initdb", "-D", cluster, "--username=postgres", "--no-sync"]
        wanted = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())["services"]["postgres"]["environment"]
        options = wanted["POSTGRES_INITDB_ARGS"].split()
        # Inside the image the superuser comes in over a local socket, everybody else by password, as here.
        (queue / "password").write_text("super\n")
        options += ["--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={queue / 'password'}"]
        self.call(initdb + options, cwd=cluster)
        fast = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={cluster}"]
        self.spawn([self.binaries / "postgres", "-D", cluster, "-p", str(self.postgres_port), *fast], cluster)
        self.spawn([self.valkey, "--port", str(self.valkey_port), "--bind", "127.0.0.1", "--save", ""], queue)
        wait_for(self.answers)
        return cluster

    def call(self, command, *, cwd, **more):
        command = [str(part) for part in command]
        subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True, **self.as_user(), **more)

    def spawn(self, command, cwd):
        with open(self.folder / "servers.log", "ab") as log:
            command = [str(part) for part in command]
            self.running.append(subprocess.Popen(command, cwd=cwd, stdout=log, stderr=log, **self.as_user()))

    def answers(self):
        try:
            self.connect("postgres", "super", "postgres").close()
            socket.create_connection(("127.0.0.1", self.valkey_port), 1).close()
        except (psycopg2.OperationalError, OSError):
            return False
        return True

    def connect(self, user, password, database="rochdale"):
        return psycopg2.connect(
            host="127.0.0.1", port=self.postgres_port, user=user, password=password, dbname=database
        )

    def stop(self):
        for each in self.running:
            each.kill()
            each.wait()


@pytest.fixture(scope="module")
def servers():
    folder = new_folder()
    made = Servers(folder)
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def secrets(servers):
    """Two roles and one database, made by the very script the compose file mounts, out of generated secrets."""
    place = servers.folder / "deploy"
    place.mkdir()
    for script in ("make-secrets.sh", "init-database.sh"):
        shutil.copy(PROJECT / "deploy" / script, place / script)
    subprocess.run(["sh", str(place / "make-secrets.sh")], check=True, capture_output=True)
    secrets = servers.folder / "secrets"
    secrets.chmod(0o755)  # the image mounts them one by one
    for name in ("database_url", "database_owner_url"):
        file = secrets / name
        file.chmod(0o644)
        file.write_text(file.read_text().replace("@postgres:5432", f"@127.0.0.1:{servers.postgres_port}"))
    cluster = servers.start()
    script_environment = {
        "PATH": f"{servers.binaries}:{os.environ['PATH']}",
        "PGHOST": str(cluster),
        "PGPORT": str(servers.postgres_port),
        "OWNER_PASSWORD_FILE": str(secrets / "owner_password"),
        "APP_PASSWORD_FILE": str(secrets / "app_password"),
    }
    servers.call(["sh", place / "init-database.sh"], cwd=cluster, env=script_environment)
    return secrets


@pytest.fixture(scope="module")
def production(servers, secrets):
    """The environment of a compose service, taken from the file, on this machine's addresses."""

    def build(service):
        found = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())["services"][service]["environment"]
        at_home = {
            "REDIS_URL": f"redis://127.0.0.1:{servers.valkey_port}/0",
            "ALLOWED_HOSTS": "coop.example,localhost",
            "CSRF_TRUSTED_ORIGINS": "https://coop.example",
            "DEFAULT_FROM_EMAIL": "Rochdale <no-reply@coop.example>",
        }
        plain = {"EMAIL_HOST": "localhost", "EMAIL_PORT": "587", "EMAIL_HOST_USER": "", "EMAIL_USE_TLS": "true"}
        values = {n: str(v).replace("/run/secrets", str(secrets)) for n, v in found.items()} | at_home
        values |= {name: value for name, value in plain.items() if name in values}
        clean = environment(servers.folder / "data")
        for ours in ("ROCHDALE_EMBEDDED_FAST", "PORT", "WEB_WORKERS"):
            clean.pop(ours)
        return clean | values

    return build


def manage(*arguments, env):
    command = [sys.executable, str(PROJECT / "manage.py"), *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def migrated(production):
    code, said = manage("migrate", env=production("migrate"))
    assert code == 0, said
    return said


def test_the_init_script_makes_what_the_embedded_set_up_makes():
    statements = [
        line for line in (PROJECT / "deploy" / "init-database.sh").read_text().splitlines() if line.endswith(";")
    ]
    shape = [line.replace(":'owner'", "…").replace(":'app'", "…").rstrip(";") for line in statements]
    assert shape == embedded_files.bootstrap("rochdale_owner", "rochdale_app", "rochdale", lambda role: "…")


def test_settings_refuse_to_guess(servers):
    code, said = manage("check", env=environment(servers.folder / "data", DATABASE_URL="postgres://a@b/c"))
    assert code != 0
    assert "SECRET_KEY is not set. Give it, or SECRET_KEY_FILE, a long random text." in said


def test_migrate_refuses_to_make_the_application_the_owner(servers, production):
    code, said = manage("migrate", env=production("web"))  # which does not know the owner
    assert code == 2
    assert "The application needs one of its own, which owns nothing" in said
    assert "Traceback" not in said


def test_check_deploy_is_clean(migrated, production):
    options = ("--deploy", "--fail-level", "WARNING", "--database", "default")
    code, said = manage("check", *options, env=production("migrate"))
    assert code == 0, said
    assert "System check identified no issues" in said
    code, said = manage("check", *options[:3], env=production("web"))
    assert code == 0, said


def test_check_deploy_names_what_is_wrong(migrated, production):
    wrong = production("migrate") | {"MAIL_TRANSPORT": "demo", "SECRET_KEY": "only-for-trying-it-out-never-for-members"}
    wrong.pop("SECRET_KEY_FILE")
    code, said = manage("check", "--deploy", "--fail-level", "WARNING", env=wrong)
    assert code != 0
    assert "coop.E001" in said
    assert "coop.E003" in said


def test_the_application_owns_nothing_and_cannot_rewrite_history(migrated, servers, secrets):
    line = servers.connect("rochdale_app", (secrets / "app_password").read_text())
    with closing(line), line.cursor() as cursor:
        cursor.execute("SELECT current_user, count(*) FROM pg_class WHERE pg_has_role(relowner, 'MEMBER')")
        assert cursor.fetchone() == ("rochdale_app", 0)
        cursor.execute("SELECT count(*) FROM kernel_auditevent")
        for attack in (
            "UPDATE kernel_auditevent SET kind = ''",
            "DELETE FROM kernel_auditevent",
            "TRUNCATE kernel_auditevent CASCADE",
            "ALTER TABLE kernel_auditevent DISABLE TRIGGER ALL",
            "CREATE TABLE mine (n int)",
            "CREATE TEMP TABLE kernel_auditevent (n int)",
            "SET session_replication_role = replica",
            "SET ROLE rochdale_owner",
        ):
            line.rollback()
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(attack)


def test_pages_are_served_in_production_dress(migrated, servers, production, tmp_path):
    """The web service's command with its environment: TLS enforced, probes answered, static files hashed."""
    env = production("web") | {"HOST": "127.0.0.1", "PORT": str(free_port())}
    code, said = manage("collectstatic", "--noinput", "--verbosity", "0", env=env | {"STATIC_ROOT": str(tmp_path)})
    assert code == 0, said
    base = f"http://127.0.0.1:{env['PORT']}"

    def get(path, **headers):
        request = urllib.request.Request(base + path, headers={"Host": "coop.example", **headers})
        opener = urllib.request.build_opener(NoRedirect)
        try:
            with opener.open(request, timeout=20) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.headers, answer.read().decode()
        except OSError as problem:
            return 0, {}, str(problem)

    command = [sys.executable, "-m", "gunicorn", "coop.wsgi:application"]
    with open(tmp_path / "web.log", "wb") as log:
        web = subprocess.Popen(command, cwd=PROJECT, env=env, stdout=log, stderr=log)
    try:
        wait_for(lambda: get("/livez", Host="localhost")[0] == 200, 60)
        assert get("/readyz", Host="localhost")[0] == 200
        status, headers, _ = get("/")
        assert (status, headers["Location"]) == (301, "https://coop.example/")
        status, headers, page = get("/accounts/login/", **{"X-Forwarded-Proto": "https"})
        assert status == 200, (tmp_path / "web.log").read_text()
        assert "max-age=31536000" in headers["Strict-Transport-Security"]
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert all("Secure" in cookie for cookie in headers.get_all("Set-Cookie"))
        assert get("/", Host="evil.example")[0] == 400
    finally:
        web.terminate()
        web.wait(timeout=20)
    assert "SECRET" not in (tmp_path / "web.log").read_text()


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args, **kwargs):
        return None
