// What durable submission costs without a broker: Beast, one loop, one committer thread, nlohmann to parse the body, RocksDB with synced
// group commit. As many fdatasyncs a group as sluiced: the write-ahead log's, and one of a mark beside the database. No gate, no key
// check, no schema, no state, no tree, no signature, no private part, no idempotency, no metrics.
//
//   bench_stub FOLDER       prints "listening on 127.0.0.1:PORT"; ends with its standard input or a signal
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <rocksdb/db.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

[[noreturn]] void stop(std::string const& message) {
  std::cerr << "bench_stub: " << message << "\n";
  std::_Exit(1);
}

/// Takes records from the loop; everything that has gathered while a group was being synced is the next group.
class Committer {
 public:
  using Done = asio::any_completion_handler<void(std::uint64_t)>;

  Committer(asio::io_context& loop, std::string const& folder) : loop_(loop) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.write_buffer_size = 64u << 20;
    rocksdb::DB* db = nullptr;
    if (auto const opened = rocksdb::DB::Open(options, folder + "/stub", &db); !opened.ok()) stop(opened.ToString());
    db_.reset(db);
    mark_ = ::open((folder + "/stub-mark").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (mark_ < 0 || ::posix_fallocate(mark_, 0, 8'192) != 0) stop("cannot make the mark");
    std::thread([this] { run(); }).detach();
  }

  void add(std::string record, Done done) {
    {
      std::lock_guard const lock(mutex_);
      waiting_.push_back({std::move(record), std::move(done)});
    }
    wake_.notify_one();
  }

 private:
  struct Waiting {
    std::string record;
    Done done;
  };

  void run() {
    for (;;) {
      std::vector<Waiting> group;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return !waiting_.empty(); });
        group.swap(waiting_);
      }
      rocksdb::WriteBatch batch;
      std::uint64_t const first = next_;
      for (Waiting const& each : group) {
        std::array<char, 8> key;
        for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<char>(next_ >> (56 - 8 * i));
        ++next_;
        if (!batch.Put({key.data(), key.size()}, each.record).ok()) stop("batch");
      }
      rocksdb::WriteOptions synced;
      synced.sync = true;
      if (auto const written = db_->Write(synced, &batch); !written.ok()) stop(written.ToString());
      std::array<char, 512> mark{};
      std::copy_n(reinterpret_cast<char const*>(&next_), sizeof next_, mark.data());
      if (::pwrite(mark_, mark.data(), mark.size(), 0) != 512 || ::fdatasync(mark_) != 0) stop("mark");
      asio::post(loop_, [first, done = std::move(group)]() mutable {
        for (std::size_t i = 0; i < done.size(); ++i) std::move(done[i].done)(first + i);
      });
    }
  }

  asio::io_context& loop_;
  std::unique_ptr<rocksdb::DB> db_;
  int mark_ = -1;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Waiting> waiting_;
  std::uint64_t next_ = 0;
};

asio::awaitable<std::uint64_t> durable(Committer& committer, std::string record) {
  auto start = [&committer](auto handler, std::string moved) { committer.add(std::move(moved), std::move(handler)); };
  co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(std::uint64_t)>(start, asio::use_awaitable,
                                                                                              std::move(record));
}

asio::awaitable<void> serve(asio::ip::tcp::socket socket, Committer& committer) {
  beast::tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer;
  try {
    for (;;) {
      http::request<http::string_body> request;
      co_await http::async_read(stream, buffer, request, asio::use_awaitable);
      auto const job = nlohmann::json::parse(request.body(), nullptr, false);
      http::response<http::string_body> response;
      response.version(11);
      if (!job.is_object() || request.method() != http::verb::post) {
        response.result(http::status::bad_request);
      } else {
        std::uint64_t const id = co_await durable(committer, std::move(request.body()));
        response.result(http::status::created);
        response.set(http::field::location, "/v1/jobs/" + std::to_string(id));
        response.set(http::field::content_type, "application/json");
        response.body() = "{\"id\":\"" + std::to_string(id) + "\"}";
      }
      response.prepare_payload();
      co_await http::async_write(stream, response, asio::use_awaitable);
    }
  } catch (boost::system::system_error const&) {  // the client has left
  }
}

asio::awaitable<void> accept_all(asio::ip::tcp::acceptor acceptor, Committer& committer) {
  auto const executor = co_await asio::this_coro::executor;
  for (;;) {
    asio::ip::tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    socket.set_option(asio::ip::tcp::no_delay(true));
    asio::co_spawn(executor, serve(std::move(socket), committer), asio::detached);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) stop("usage: bench_stub FOLDER");
  asio::io_context loop{1};
  Committer committer(loop, argv[1]);
  asio::ip::tcp::acceptor acceptor(loop, {asio::ip::address_v4::loopback(), 0});
  std::cout << "listening on 127.0.0.1:" << acceptor.local_endpoint().port() << std::endl;
  asio::co_spawn(loop, accept_all(std::move(acceptor), committer), asio::detached);
  loop.run();
}
