"""Sends a file with urllib, which shows credentials when it is asked for them."""

import sys
import urllib.error
import urllib.request

url, user, password, path, expect = sys.argv[1:]
headers = {"Content-Type": "application/xml"}
if expect == "expect":
    headers["Expect"] = "100-continue"
with open(path, "rb") as file:
    body = file.read()
passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
passwords.add_password(None, url, user, password)
opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(passwords))
try:
    print(opener.open(urllib.request.Request(url, body, headers)).status)
except urllib.error.HTTPError as error:
    print(error.code)
