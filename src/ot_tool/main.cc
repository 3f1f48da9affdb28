// cloudsync-ot: answers calls of the operational transform types, one JSON request a line on stdin,
// one JSON reply a line on stdout (ot_tool/request.h).

#include "ot_tool/request.h"

#include <iostream>
#include <string>

int main(int argc, char**) {
  if (argc > 1) {
    std::cerr << "usage: cloudsync-ot <requests >replies\n"
                 "One JSON request a line: {\"type\": \"text\", \"call\": \"apply\", \"doc\": "
                 "\"a\", \"op\": [1, \"b\"]}\n"
                 "Calls: check apply compose transform invert transform-cursor hash\n";
    return 2;
  }
  std::ios::sync_with_stdio(false);
  std::string line;
  while (std::getline(std::cin, line)) {
    std::cout << cloudsync::ot_tool::answer(line) << '\n';
    // Whoever waits for the answer gets it at once; many requests at a time are answered by few
    // writes.
    if (std::cin.rdbuf()->in_avail() <= 0)
      std::cout.flush();
  }
  return 0;
}
