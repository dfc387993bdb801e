// Three pins of the daemon from Node.js: node pins.js [SOCKET]
//
// Written as one writes a client of the line protocol: the module net, one connection, one line a
// request and one line a reply, in their order. Only READALL has more lines: one a pin.

var net = require('net');

var socketPath = process.argv[2] || '/run/regmap/regmapd.sock';
var waiting = []; // who gets the next replies: {lines, got, then}
var rest = '';

var unixSocket = net.connect({path: socketPath}, function () {
  console.log('socket open');
});

unixSocket.setEncoding('ascii');

unixSocket.on('data', function (data) {
  var lines = (rest + data).split('\n');
  rest = lines.pop(); // half a line, until the rest of it comes
  lines.forEach(function (line) {
    var first = waiting[0];
    first.got.push(line);
    if (first.got.length === first.lines || line.startsWith('Error ')) {
      waiting.shift();
      first.then(first.got.join('\n'));
    }
  });
});

unixSocket.on('end', function () {
  console.log('socket closed');
});

unixSocket.on('error', function (error) {
  console.error(error.message);
  process.exitCode = 1;
});

function ask(command, lines) {
  return new Promise(function (resolve) {
    waiting.push({lines: lines || 1, got: [], then: resolve});
    unixSocket.write(command + '\n');
  });
}

async function main() {
  console.log(await ask('MODE 0 OUT'));
  console.log(await ask('WRITE 0 1'));
  console.log(await ask('READ 0'));
  console.log(await ask('READ 99')); // what cannot be done is one line: Error CODE text
  var both = await Promise.all([ask('WRITE 0 0'), ask('READ 0')]); // replies keep their order
  console.log(both.join(', '));
  console.log(await ask('READALL', 17));
  unixSocket.end();
}

main();
