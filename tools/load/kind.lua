-- One kind of sender: the request, and the only status that is right.
local expected = tonumber(os.getenv("LOAD_STATUS"))
local header = os.getenv("LOAD_HEADER")
local file = io.open(os.getenv("LOAD_BODY"), "rb")

wrk.method = "POST"
wrk.body = file:read("*a")
if header ~= "" then
  local name, value = header:match("^(.-): (.*)$")
  wrk.headers[name] = value
end

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  wrong = 0
  right = 0
end

function response(status)
  if status == expected then
    right = right + 1
  else
    wrong = wrong + 1
  end
end

function done(summary, latency)
  local right, wrong = 0, 0
  for _, thread in ipairs(threads) do
    right = right + thread:get("right")
    wrong = wrong + thread:get("wrong")
  end
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %.1f %.1f\n", right, wrong,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(99) / 1000, latency.max / 1000))
end
