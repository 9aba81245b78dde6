"""The description of the API, /api/openapi.json, beside what the server does."""

import glob
import os
import re
import shutil
import tempfile
import urllib.parse

from harness import main, read, run_server, write_registers, write_single
from web import WebTest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
METHODS = {"get", "put", "post"}
POINTS = """name,address,type,order,value,scale,units,simulate
setpoint,HR10,int16,,65,0.1,degC
flow,HR20,float32,CDAB,12.75,,
fault,HR40.2,bool,,,,
label,HR50,string6,,BH-200,,
pump on,C0,bool,,true,,
level,HR60,uint16,,,,,count(1)
"""


def source(pattern):
    """The text of the sources that match."""
    text = ""
    for path in sorted(glob.glob(os.path.join(ROOT, pattern))):
        with open(path, encoding="utf-8") as file:
            text += file.read()
    return text


def routes():
    """Those of src/api/routes.c: {(method, path)}."""
    names = dict(re.findall(r'#define (\w+)\s+"(/\w[^"]*)"',
                            source("include/*/*.h")))
    rows = re.findall(r'\{ EVHTTP_REQ_(\w+), ("[^"]*"|\w+),\s',
                      source("src/api/routes.c"))
    return {(method.lower(), path.strip('"') if path[0] == '"'
             else names[path]) for method, path in rows}


class Schema:
    """The part of JSON Schema that the description uses."""

    TYPES = {"object": dict, "array": list, "string": str, "boolean": bool,
             "number": (int, float), "integer": int, "null": type(None)}
    KNOWN = {"$ref", "type", "enum", "const", "properties", "required",
             "additionalProperties", "items", "minimum", "maximum", "pattern",
             "format", "description", "default", "minItems", "minProperties",
             "maxLength"}

    def __init__(self, document):
        self.document = document

    def resolve(self, value):
        while "$ref" in value:
            node = self.document
            path = value["$ref"].split("/")
            assert path[0] == "#", value
            for name in path[1:]:
                node = node[name]
            value = node
        return value

    def is_type(self, value, name):
        if isinstance(value, bool):
            return name == "boolean"
        return isinstance(value, self.TYPES[name])

    def check(self, value, schema, where="reply"):
        """Raise unless value is one of schema."""
        schema = self.resolve(schema)
        assert set(schema) <= self.KNOWN, schema
        if "enum" in schema:
            assert value in schema["enum"], (where, value)
        if "const" in schema:
            assert value == schema["const"], (where, value)
        if "type" in schema:
            types = schema["type"]
            types = [types] if isinstance(types, str) else types
            assert any(self.is_type(value, t) for t in types), (where, value)
        if isinstance(value, str) and "pattern" in schema:
            assert re.search(schema["pattern"], value), (where, value)
        if isinstance(value, (int, float)):
            assert schema.get("minimum", value) <= value, (where, value)
            assert schema.get("maximum", value) >= value, (where, value)
        if isinstance(value, list) and "items" in schema:
            for i, item in enumerate(value):
                self.check(item, schema["items"], "%s[%d]" % (where, i))
        if isinstance(value, dict):
            self.check_object(value, schema, where)

    def check_object(self, value, schema, where):
        properties = schema.get("properties", {})
        more = schema.get("additionalProperties", {})
        for name in schema.get("required", []):
            assert name in value, (where, name)
        for name, member in value.items():
            if name in properties:
                self.check(member, properties[name], where + "." + name)
            else:
                assert more is not False, (where, name)
                self.check(member, more, where + "." + name)


class OpenApi(WebTest):
    """It is well formed, complete and true."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="mbasyncserver-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    def start_all(self, **options):
        """A server that has all there is, and the description."""
        folder = tempfile.mkdtemp(dir=self.folder)
        points = os.path.join(folder, "plant.csv")
        state = os.path.join(folder, "state.db")
        with open(points, "w", encoding="utf-8") as file:
            file.write(POINTS)
        run_server("--state", state, "--state-create")
        server, web = self.start_web(
            "--http-write", "--client-report", "--points", points,
            "--simulate", "--state", state, "--state-backup", state + ".copy", **options)
        return server, web, web.get("/api/openapi.json")

    def operations(self, document):
        for path, item in document["paths"].items():
            for method, operation in item.items():
                yield path, method, operation

    def test_it_is_well_formed(self):
        _, web = self.start_web()
        document = web.get("/api/openapi.json")
        schema = Schema(document)
        self.assertRegex(document["openapi"], r"^3\.1\.\d+$")
        self.assertEqual(document["info"]["version"],
                         web.get("/api/status")["version"])
        seen, used = set(), set()

        def walk(node):
            if isinstance(node, list):
                for each in node:
                    walk(each)
            elif isinstance(node, dict):
                if "$ref" in node:
                    self.assertEqual(list(node), ["$ref"])
                    used.add(node["$ref"])
                    schema.resolve(node)
                for each in node.values():
                    walk(each)
        walk(document)
        defined = {"#/components/%s/%s" % (kind, name)
                   for kind, all_ in document["components"].items()
                   for name in all_ if kind != "securitySchemes"}
        self.assertEqual(used, defined)
        for path, method, operation in self.operations(document):
            with self.subTest(path=path, method=method):
                self.assertIn(method, METHODS)
                self.assertTrue(path.startswith("/"))
                self.assertNotIn(operation["operationId"], seen)
                seen.add(operation["operationId"])
                self.assertTrue(operation["summary"].endswith("."))
                self.check_parameters(schema, path, operation)
                self.check_responses(schema, operation)
                self.assertEqual("requestBody" in operation,
                                 method != "get" and path not in
                                 ("/api/reset", "/api/backup"))

    def check_parameters(self, schema, path, operation):
        names = set()
        for parameter in operation.get("parameters", []):
            parameter = schema.resolve(parameter)
            self.assertLessEqual({"name", "in", "schema", "example"},
                                 set(parameter))
            self.assertNotIn(parameter["name"], names)
            names.add(parameter["name"])
            self.assertIn(parameter["in"], ("query", "path"))
            if parameter["in"] == "path":
                self.assertIn("{%s}" % parameter["name"], path)
                self.assertIs(parameter["required"], True)
            schema.check(parameter["example"], parameter["schema"])
        self.assertLessEqual(set(re.findall(r"{(\w+)}", path)), names)

    def check_responses(self, schema, operation):
        self.assertIn("200", operation["responses"])
        for status, response in operation["responses"].items():
            response = schema.resolve(response)
            self.assertRegex(status, r"^[2-5]\d\d$")
            self.assertTrue(response["description"])
            if status != "304":
                self.assertEqual(len(response["content"]), 1)
        body = operation.get("requestBody")
        if body:
            content = body["content"]["application/json"]
            schema.check(content["example"], content["schema"])

    def test_it_has_every_route_and_no_other(self):
        _, web = self.start_web()
        described = {(method, re.sub(r"{\w+}$", "", path))
                     for path, method, _ in
                     self.operations(web.get("/api/openapi.json"))}
        known = routes()
        self.assertIn(("get", "/api/registers"), known)
        self.assertIn(("put", "/api/points/"), known)
        self.assertEqual(described, known | {("get", "/api/openapi.json")})

    def test_a_path_has_the_methods_that_it_says(self):
        _, web, document = self.start_all()
        for path, item in document["paths"].items():
            answer = web.curl(self.path_of(Schema(document), path, item),
                              "-X", "OPTIONS")
            allowed = set(answer.headers["allow"].lower().split(", "))
            self.assertEqual(allowed - {"head", "options"}, set(item))
            self.assertEqual("head" in allowed, "get" in item)

    def path_of(self, schema, path, item):
        """A path with the examples of its parameters."""
        for operation in item.values():
            for parameter in operation.get("parameters", []):
                parameter = schema.resolve(parameter)
                if parameter["in"] == "path":
                    path = path.replace(
                        "{%s}" % parameter["name"],
                        urllib.parse.quote(str(parameter["example"])))
        return path

    def queries(self, schema, operation):
        """What is asked: the required parameters, and with these each other
        one. A point stands for address, quantity and kind."""
        examples = {}
        required = set()
        for parameter in operation.get("parameters", []):
            parameter = schema.resolve(parameter)
            if parameter["in"] == "query":
                examples[parameter["name"]] = parameter["example"]
                if parameter.get("required"):
                    required.add(parameter["name"])
        if "address" in examples and "point" in examples:
            yield {name: examples[name] for name in required | {"point"}}
            required.add("address")
        yield {name: examples[name] for name in required}
        for name in set(examples) - required - {"point"}:
            yield {each: examples[each] for each in required | {name}}

    def check_answer(self, schema, operation, answer):
        response = schema.resolve(operation["responses"][str(answer.status)])
        kind, = response["content"]
        self.assertEqual(answer.headers["content-type"], kind)
        if kind == "application/json":
            schema.check(answer.json(), response["content"][kind]["schema"])

    def test_what_it_says_is_what_the_server_does(self):
        server, web, document = self.start_all()
        schema = Schema(document)
        client = self.connect(server)
        other = self.connect(server, source="127.0.0.2")
        client.ask(read(3, 0, 10))
        client.ask(read(3, 0, 126))
        for value in (1, 2, 3):
            client.ask(write_registers(10, [value, value]))
            other.ask(write_single(6, 10, value + 5))
        client.ask(write_single(5, 9, 0xFF00))
        client.ask(write_single(6, 10, 0))
        other.close()
        for path, method, operation in self.operations(document):
            url = self.path_of(schema, path, document["paths"][path])
            for query in self.queries(schema, operation):
                with self.subTest(method=method, path=path, query=query):
                    self.ask(schema, web, method, url, operation, query)

    def ask(self, schema, web, method, url, operation, query):
        if query:
            url += "?" + urllib.parse.urlencode(query)
        body = operation.get("requestBody")
        if url.startswith("/api/events"):
            with self.events(web, url[len("/api/events"):]) as events:
                self.assertEqual(events.next()[0], "hello")
            answer = web.curl(url, "-I")
        elif body:
            answer = web.send(method.upper(), url,
                              body["content"]["application/json"]["example"])
        else:
            if url.startswith("/api/wait"):
                web.curl("/api/reset", "-X", "POST")
            answer = web.curl(url, "-X", method.upper())
        self.assertEqual(answer.status, 200, answer.body)
        self.check_answer(schema, operation, answer)

    def test_its_errors_are_what_the_server_says(self):
        _, web, document = self.start_all()
        schema = Schema(document)
        for path, method, operation in self.operations(document):
            url = self.path_of(schema, path, document["paths"][path])
            with self.subTest(path=path, method=method):
                if "requestBody" in operation:
                    answer = web.send(method.upper(), url, {"nonsense": 1})
                elif "400" in operation["responses"]:
                    answer = web.curl(url + "?nonsense=1", "-X",
                                      method.upper())
                else:
                    continue
                self.assertEqual(answer.status, 400)
                self.check_answer(schema, operation, answer)

    def test_what_is_not_there_is_404(self):
        _, web = self.start_web("--http-write", "--http-recorder", "0")
        document = web.get("/api/openapi.json")
        schema = Schema(document)
        found = set()
        for path, method, operation in self.operations(document):
            url = self.path_of(schema, path, document["paths"][path])
            for query in self.queries(schema, operation):
                if "requestBody" in operation or path == "/api/events":
                    continue
                answer = web.curl(
                    url + "?" + urllib.parse.urlencode(query), "-X",
                    method.upper())
                self.assertIn(str(answer.status), operation["responses"])
                if answer.status == 404:
                    found.add(path)
                    self.check_answer(schema, operation, answer)
        self.assertLessEqual(
            {"/api/points", "/api/points/{name}", "/api/points.csv",
             "/api/registers", "/api/reset", "/api/requests", "/api/journal",
             "/api/backup", "/api/simulation", "/metrics/points"}, found)


if __name__ == "__main__":
    main()
