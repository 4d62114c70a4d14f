import asyncio
import base64
import sys

how, url, user, password, path, expect = sys.argv[1:]
body = open(path, "rb").read()
headers = {"Content-Type": "application/xml"}
if expect == "expect":
    headers["Expect"] = "100-continue"

if how == "urllib":
    import urllib.error
    import urllib.request

    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, url, user, password)
    opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(passwords))
    try:
        print(opener.open(urllib.request.Request(url, body, headers)).status)
    except urllib.error.HTTPError as error:
        print(error.code)
elif how == "requests":
    import requests

    print(requests.post(url, body, headers=headers, auth=(user, password)).status_code)
elif how == "httpx":
    import httpx

    print(httpx.post(url, content=body, headers=headers, auth=(user, password), timeout=50).status_code)
else:
    import aiohttp

    async def send():
        headers.pop("Expect", None)
        auth = aiohttp.BasicAuth(user, password)
        async with aiohttp.ClientSession(auth=auth) as session:
            expects = expect == "expect"
            async with session.post(url, data=body, headers=headers, expect100=expects) as response:
                print(response.status)

    asyncio.run(send())
