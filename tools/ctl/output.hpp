// Standard output for data, standard error for talk; colour and escaping only where a person looks.
#pragma once

#include "tools/ctl/failure.hpp"
#include "tools/ctl/table.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace sluice::ctl {

class Output {
 public:
  /// Colour is used when standard output is a terminal, the caller allows it, NO_COLOR is unset or empty, and TERM is not dumb.
  Output(bool colour_allowed, bool json);

  bool json() const { return json_; }
  bool terminal() const { return terminal_; }

  /// One line of text; control characters are always escaped.
  void line(std::string_view text);
  /// A bold heading, preceded by a blank line unless it is the first output.
  void heading(std::string_view text);
  void table(Table const& table);
  /// The document, indented, one final line feed.
  void document(nlohmann::json const& value);
  /// The document on one line: for streams of documents.
  void compact(nlohmann::json const& value);
  /// The output of a job: as it is into a file or pipe, escaped on a terminal.
  void raw(std::string_view bytes);
  /// To standard error.
  void note(std::string_view text);
  void failure(Failure const& failure);

  /// A labelled line whose label is coloured by meaning ("ok" green, "FAIL" red, else yellow), and what to do below it.
  void finding(std::string_view label, std::string_view subject, std::string_view detail, std::string_view action);
  /// False when something could not be written: a full disk, a closed pipe.
  bool flush();
  /// What could not be written was no longer wanted: `sluicectl list | head`.
  bool reader_left() const { return reader_left_; }

 private:
  void write(std::string_view text);
  void note_error();

  bool json_;
  bool terminal_;
  bool error_terminal_;
  bool colour_;
  bool first_ = true;
  bool good_ = true;
  bool reader_left_ = false;
};

}  // namespace sluice::ctl
