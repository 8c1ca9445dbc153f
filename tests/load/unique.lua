-- Asks about another artist each time, so that no two requests are one call, and counts what it sends.
local threads = {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init()
  sent = 0
end

function request()
  sent = sent + 1
  local body = string.format('{"id":"%d-%d","name":"Nina Simone"}', number, sent)
  return wrk.format("POST", nil, nil, body)
end

function done(summary, latency)
  -- wrk makes the first request of its first thread to look at it, and does not send it.
  local all = -1
  for _, thread in ipairs(threads) do all = all + thread:get("sent") end
  local errors = summary.errors
  io.write(string.format(
    '\n{"sent":%d,"answered":%d,"seconds":%f,"medianMs":%f,"p99Ms":%f,"maxMs":%f,' ..
      '"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}}\n',
    all, summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3,
    errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
