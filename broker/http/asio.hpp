// The parts of Asio this folder uses: precompiled once, included by the few files that do I/O.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>

namespace sluice::http {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using ErrorCode = boost::system::error_code;

/// Everything runs on one io_context: its own executor type saves the type-erased one's indirection on each operation.
using LoopExecutor = asio::io_context::executor_type;
/// TCP and Unix sockets alike, so that sessions are compiled once for both.
using PlainSocket = asio::basic_stream_socket<asio::generic::stream_protocol, LoopExecutor>;
using TlsStream = asio::ssl::stream<PlainSocket>;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, LoopExecutor>;
using WaitableDescriptor = asio::posix::basic_stream_descriptor<LoopExecutor>;

}  // namespace sluice::http
