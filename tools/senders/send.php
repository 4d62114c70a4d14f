<?php
[, $how, $url, $user, $password, $file, $expect] = $argv;
$body = file_get_contents($file);
$headers = ['Content-Type: application/xml'];
if ($how === 'any') {
    $curl = curl_init($url);
    $headers[] = $expect === 'expect' ? 'Expect: 100-continue' : 'Expect:';
    curl_setopt_array($curl, [
        CURLOPT_POSTFIELDS => $body,
        CURLOPT_HTTPHEADER => $headers,
        CURLOPT_HTTPAUTH => CURLAUTH_ANY,
        CURLOPT_USERPWD => "$user:$password",
        CURLOPT_RETURNTRANSFER => true,
    ]);
    curl_exec($curl);
    echo curl_getinfo($curl, CURLINFO_RESPONSE_CODE), "\n";
} else {
    $headers[] = 'Authorization: Basic ' . base64_encode("$user:$password");
    if ($expect === 'expect') {
        $headers[] = 'Expect: 100-continue';
    }
    $options = ['method' => 'POST', 'header' => $headers, 'content' => $body, 'ignore_errors' => true];
    file_get_contents($url, false, stream_context_create(['http' => $options]));
    $status = '';
    foreach ($http_response_header ?? [] as $line) {
        if (preg_match('#^HTTP/\S+ (\d+)#', $line, $found)) {
            $status = $found[1];
        }
    }
    echo $status, "\n";
}
